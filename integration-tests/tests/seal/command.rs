//! `seal`, and a new key by `seal --rotate`.

use std::fs;

use integration_tests::home::{Home, KEYS};
use integration_tests::servers::SecretService;

#[test]
fn seal_command_shows_place_reason_and_entries() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let file = home.state().key_file().path();
    let label = home.state().labels().remove(0);
    let answer = home.call(["seal"]).run();
    assert_eq!(
        answer.assert_printed(),
        format!(
            "home      the file {}\nreason    the secret service is not there: there is no session \
             bus\nkey       {label}\nentries   1 sealed by this key\n",
            file.display()
        )
    );
    // Foreign entries are reported.
    let other = home.state().entry_file("main").to_string_lossy().replace(&label, "0123456789");
    fs::write(other, "").unwrap();
    let answer = home.call(["seal"]).run();
    let said = "entries   1 sealed by this key, 1 sealed by a key that is not here\n";
    assert!(answer.assert_printed().ends_with(said), "{answer:?}");
}

/// Entries of other profiles, and of settings that no longer exist.
#[test]
fn seal_rotate_reseals_all_entries() {
    let service = SecretService::unlocked();
    for in_store in [false, true] {
        let home = Home::with_script(KEYS);
        let call = |arguments: &[&str]| {
            let call = home.call(arguments.iter().copied());
            if in_store { service.heard_by(call) } else { call }
        };
        let text = fs::read_to_string(home.config_file()).unwrap();
        call(&[]).run().assert_key("key-1");
        let sources = text.replace("sources = [\"main\"]", "sources = [\"other\"]");
        home.configure(&sources.replace("[source.main]", "[source.other]"));
        call(&[]).run().assert_key("key-2");
        let before = home.state().labels();
        assert_eq!(before.len(), 2);

        let answer = call(&["seal", "--rotate"]).run();
        let said = "entries   2 sealed by this key, 2 of them just now\n";
        assert!(answer.assert_printed().ends_with(said), "{answer:?}");
        let after = home.state().labels();
        assert!(after.len() == 2 && after[0] == after[1] && after[0] != before[0], "{after:?}");

        home.restart_machine();
        call(&[]).run().assert_key("key-2");
        home.configure(&text);
        call(&[]).run().assert_key("key-1");
        assert_eq!(home.runs("main"), 2);
    }
}

/// A process that is killed between the new key and the last entry loses nothing: a `get`
/// continues.
#[test]
fn seal_rotate_interrupted_is_completed_by_get() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let entry = home.state().entry_file("main");
    let sealed = fs::read(&entry).unwrap();
    home.call(["seal", "--rotate"]).run().assert_printed();
    let anew = home.state().entry_file("main");
    fs::remove_file(&anew).unwrap();
    home.state().replace(&entry, &sealed);

    home.helper().run().assert_key("key-1");
    assert!(anew.is_file() && !entry.exists());
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn seal_rotate_waits_for_the_lock_of_a_refresh() {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("[ $run = 1 ] || {}\n{KEYS}", breakpoint.command()));
    home.configure(&integration_tests::home::configuration("", "", &script));
    home.helper().run().assert_key("key-1");
    let refreshing = home.call(["get", "--refresh"]).start();
    let held = breakpoint.reached();

    let rotating = home.call(["seal", "--rotate"]).start();
    let old = home.state().sealing_key();
    integration_tests::wait::until("there is a new key", || {
        (home.state().sealing_key() != old).then_some(())
    });
    held.resume();
    refreshing.finish().assert_key("key-2");
    let answer = rotating.finish();
    assert!(answer.assert_printed().contains("1 sealed by this key"), "{answer:?}");
    home.helper().run().assert_key("key-2");
    assert_eq!((home.runs("main"), home.state().labels().len()), (2, 1));
}
