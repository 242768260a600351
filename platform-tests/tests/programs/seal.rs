//! The key that encrypts the cache.

use std::fs;

use platform_tests::binaries::Binaries;
use platform_tests::home::{Home, KEYS};

#[test]
fn cache_hit_needs_no_worker_for_each_seal_setting() {
    for seal in ["", "seal = \"auto\"\n", "seal = \"file\"\n"] {
        let home = Home::with_source(KEYS);
        let text = fs::read_to_string(home.config_file()).unwrap();
        home.configure(&format!("{seal}{text}"));
        let programs = Binaries::copy(&home.path().join("bin"));
        let call = home.helper().program(&programs.front);
        call.run().assert_key("key-1");
        fs::remove_file(&programs.worker).unwrap();
        for _ in 0..2 {
            call.run().assert_key("key-1");
        }
        home.restart_machine();
        call.run().assert_key("key-1");
        call.clone().arg("status").run().assert_error(2, &["cannot find the worker"]);
        assert_eq!(home.runs("main"), 1, "{seal}");
    }
}

#[test]
fn sealed_entry_never_holds_the_key_in_plain_text() {
    let key = "sk-canary-f00dcafe-0123456789";
    let home = Home::with_source(&format!("print {key}"));
    home.helper().run().assert_key(key);
    for (path, content) in platform_tests::files::below(home.path()) {
        let is_ours = !path.ends_with("main.steps");
        let shown = content.windows(key.len()).any(|window| window == key.as_bytes());
        assert!(!(is_ours && shown), "{}", path.display());
    }
}

#[test]
fn sealing_key_file_is_outside_the_state_folder() {
    let home = Home::with_source(KEYS);
    home.helper().run().assert_key("key-1");
    let file = home.state().key_file().path();
    assert!(file.exists());
    assert!(!file.starts_with(home.state().path()), "{}", file.display());
    assert!(!file.starts_with(home.config_file().parent().unwrap()), "{}", file.display());
}

/// A roaming folder is copied to servers and to other machines.
#[cfg(windows)]
#[test]
fn state_and_sealing_key_are_in_no_roaming_folder() {
    let home = Home::with_source(KEYS);
    home.helper().run().assert_key("key-1");
    let roaming = home.path().join(r"AppData\Roaming");
    let files = platform_tests::files::below(&roaming);
    let paths: Vec<_> = files.into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, [home.config_file()]);
}

#[test]
fn seal_rotate_keeps_the_entries() {
    let home = Home::with_source(KEYS);
    home.helper().run().assert_key("key-1");
    let before = home.state().labels();
    let answer = home.call(["seal", "--rotate"]).run();
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_ne!(home.state().labels(), before);
    home.helper().run().assert_key("key-1");
    assert_eq!(home.runs("main"), 1);
}
