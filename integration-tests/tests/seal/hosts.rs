//! An entry belongs to one source, its settings and one encryption key.

use std::fs;
use std::path::Path;

use api_key_helper_cache::ENTRY_VERSION;
use integration_tests::call::Call;
use integration_tests::home::{Home, KEYS};
use integration_tests::strace::{named, trace};

/// Returns two machines with a shared home, each with its own encryption key.
fn hosts(home: &Home) -> [Call; 2] {
    ["one", "two"].map(|host| home.helper().env("XDG_DATA_HOME", home.path().join(host)))
}

#[test]
fn two_hosts_on_one_home_have_their_own_sealing_keys() {
    let home = Home::with_script("echo \"key-$XDG_DATA_HOME\" | sed 's,/.*/,,'");
    let hosts = hosts(&home);
    for _ in 0..2 {
        for (call, key) in hosts.iter().zip(["key-one", "key-two"]) {
            call.run().assert_key(key);
        }
    }
    assert_eq!((home.runs("main"), home.state().labels().len()), (2, 2));
    assert_eq!(home.state().files(".unreadable"), [""; 0]);
    // Neither prevents hits of the other.
    for call in hosts {
        let (_, calls) = trace(call, home.path());
        assert_eq!(named(&calls, &["execve"]).len(), 1);
    }
}

#[test]
fn entry_sealed_on_another_machine_does_not_open() {
    let home = Home::with_script(KEYS);
    let [one, two] = hosts(&home);
    one.run().assert_key("key-1");
    two.run().assert_key("key-2");
    let [first, second] = &home.state().files(".entry")[..] else { panic!("not two entries") };
    let [first, second] = [first, second].map(|name| home.state().path().join(name));
    let swapped = [fs::read(&second).unwrap(), fs::read(&first).unwrap()];
    for (file, content) in [first, second].iter().zip(&swapped) {
        home.state().replace(file, content);
    }
    one.run().assert_key("key-3");
    two.run().assert_key("key-4");
    // The entry that could not be opened is still there.
    let aside = home.state().files(".unreadable");
    let aside: Vec<_> = aside.iter().map(|name| read(&home, name)).collect();
    assert!(aside.len() == 2 && swapped.iter().all(|content| aside.contains(content)));
}

#[test]
fn entry_of_another_source_or_settings_does_not_open() {
    let home = Home::new();
    let [first, second] =
        ["first", "second"].map(|name| home.script(name, &format!("echo {name}-$run")));
    let configure = |argument: &str| {
        let table = |name: &str, script: &Path, argument: &str| {
            format!(
                "[profile.{name}]\nsources = [\"{name}\"]\n[source.{name}]\nbackend = \"script\"\n\
                 command = [\"{}\"{argument}]\n",
                script.display()
            )
        };
        home.configure(&format!(
            "default_profile = \"first\"\n{}{}",
            table("first", &first, argument),
            table("second", &second, "")
        ));
    };
    configure("");
    home.helper().run().assert_key("first-1");
    home.call(["--profile", "second"]).run().assert_key("second-1");
    let state = home.state();
    let [old, other] = ["first", "second"].map(|source| state.entry_file(source));

    // The header is not encrypted, so an attacker who moves an entry would adapt it.
    let put = |from: &Path, to: &Path| {
        let fingerprint = &fs::read(to).unwrap()[..32];
        state.replace(to, &[fingerprint, &fs::read(from).unwrap()[32..]].concat());
    };
    put(&old, &other);
    home.call(["--profile", "second"]).run().assert_key("second-2");

    configure(", \"more\"");
    home.helper().run().assert_key("first-2");
    let mut entries = state.files(".entry");
    entries.retain(|name| [&old, &other].iter().all(|known| !known.ends_with(name)));
    let [new] = &entries[..] else { panic!("not one new entry: {entries:?}") };
    put(&old, &state.path().join(new));
    home.helper().run().assert_key("first-3");
}

#[test]
fn entry_of_a_newer_version_stays() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let entry = home.state().entry_file("main");
    let newer = entry.to_string_lossy().replace(&format!(".v{ENTRY_VERSION}."), ".v99.");
    fs::rename(&entry, &newer).unwrap();
    home.helper().run().assert_key("key-2");
    assert!(Path::new(&newer).is_file() && entry.is_file());
}

fn read(home: &Home, name: &str) -> Vec<u8> {
    fs::read(home.state().path().join(name)).unwrap()
}
