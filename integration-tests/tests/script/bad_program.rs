//! Programs that cannot be run, or must not.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use integration_tests::executables;
use integration_tests::home::{Home, KEYS, configuration};
use integration_tests::mounts::give_away;

/// A home with an old key, so that a fallback would be possible.
fn home() -> Home {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    home.state().age("main", std::time::Duration::from_secs(7_200));
    home
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn commanded(home: &Home, command: &str) {
    home.configure(&configuration("", "", Path::new(command)));
}

#[test]
fn a_missing_program_is_told_with_the_place_that_names_it() {
    let home = home();
    let script = home.path().join("main");
    let moved = home.path().join("moved");
    fs::rename(&script, &moved).unwrap();
    let place = format!("{}:7:1", home.config_file().display());
    let words = [&*place, &script.to_string_lossy(), "is not there", "write the absolute path"];
    home.helper().run().assert_error(2, &words);

    fs::rename(&moved, &script).unwrap();
    assert_eq!(home.state().key("main").as_deref(), Some("key-1"));
    home.helper().run().assert_key("key-2");
}

#[test]
fn a_relative_path_is_looked_for_beside_the_file_and_nowhere_else() {
    let home = home();
    // It is in the folder of the call, and on PATH.
    commanded(&home, "./main");
    let call = home.helper().env("PATH", format!("{}:/usr/bin:/bin", home.path().display()));
    let place = format!("{}:7:1", home.config_file().display());
    let beside = home.config_file().parent().unwrap().to_owned();
    let words = [&*place, &format!("`{}/", beside.display()), "/main` is not there"];
    call.run().assert_error(2, &words);
    commanded(&home, "main");
    let found = format!("write `{}`", home.path().join("main").display());
    call.run().assert_error(2, &[&place, "is not there", &found, "`PATH` is not searched"]);
    commanded(&home, "~/main");
    call.run().assert_error(2, &[&place, "is not there", "`~` is for shells"]);

    let _ = home.script(".config/api-key-helper/beside", "echo beside");
    commanded(&home, "./beside");
    call.run().assert_key("beside");
}

#[test]
fn a_program_that_others_can_write_is_not_run() {
    let home = home();
    let script = home.path().join("main");
    chmod(&script, 0o757);
    let mend = format!("chmod o-w {}", script.display());
    let words = ["is writable by others: its mode is 0757", &mend];
    home.helper().run().assert_error(2, &words);
    chmod(&script, 0o644);
    let mend = format!("chmod a+x {}", script.display());
    home.helper().run().assert_error(2, &["is not executable: its mode is 0644", &mend]);
    assert_eq!(home.runs("main"), 1);

    chmod(&script, 0o755);
    home.helper().run().assert_key("key-2");
}

#[test]
fn a_program_in_a_folder_that_others_can_write_is_not_run() {
    let home = home();
    let script = home.script("shared/main", KEYS);
    commanded(&home, &script.to_string_lossy());
    chmod(&home.path().join("shared"), 0o777);
    let mend = format!("chmod o-w {}", home.path().join("shared").display());
    home.helper().run().assert_error(2, &["the folder", "is writable by others", &mend]);
    chmod(&home.path().join("shared"), 0o1777);
    home.helper().run().assert_error(2, &["the folder", "move it to a folder"]);
    assert_eq!(home.runs("shared/main"), 0);
}

#[test]
fn a_program_of_somebody_else_is_not_run() {
    let home = home();
    let script = home.path().join("main");
    let mounts = give_away(&script);
    mounts.seen_by(home.helper()).run().assert_error(2, &["belongs to uid 65534", "chown"]);
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn a_program_that_does_not_start_is_told() {
    let home = home();
    let file = home.path().join("main");
    for (content, words) in [
        (&b"#!/no/such/shell\n"[..], ["wants to be run by `/no/such/shell`", "first line"]),
        (b"#!/bin/sh\r\necho key\r\n", ["line ends of Windows", "sed -i"]),
        (b"echo key\n", ["neither a program of this machine nor has a first line", "#!/bin/sh"]),
    ] {
        executables::write(&file, content);
        home.helper().run().assert_error(2, &words);
    }
    assert_eq!(home.state().key("main").as_deref(), Some("key-1"));
}
