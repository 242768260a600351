//! The file of the encryption key.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use integration_tests::home::{Home, KEYS};
use integration_tests::mounts::{Mounts, give_away};

use crate::seen::home_in_use;

fn home() -> Home {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    home
}

#[test]
fn sealing_key_file_has_mode_0600_outside_the_state_folder() {
    let home = home();
    let file = home.state().key_file().path();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert!(!file.starts_with(home.state().path()));
    assert!(!file.starts_with(home.config_file().parent().unwrap()));
}

#[test]
fn sealing_key_file_open_to_others_is_refused() {
    let home = home();
    let file = home.state().key_file().path();
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    home.helper().run().assert_error(2, &["is open to others (mode 640)", "chmod 600"]);
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    home.helper().run().assert_key("key-1");
    let call = give_away(&file).seen_by(home.helper());
    call.run().assert_error(2, &["belongs to user 65534", &file.to_string_lossy()]);
}

/// Without the file, the entries are lost, unless there is a copy of it.
#[test]
fn damaged_sealing_key_file_is_not_replaced() {
    let home = home();
    let file = home.state().key_file().path();
    let whole = fs::read(&file).unwrap();
    for damage in [&whole[1..], &whole[..32], b"", &[&whole[..], b"more"].concat()] {
        home.write(".local/share/api-key-helper/seal.key", damage);
        home.helper().run().assert_error(2, &["does not hold sealing keys", "restore it"]);
        assert_eq!(fs::read(&file).unwrap(), damage);
    }
    home.write(".local/share/api-key-helper/seal.key", &whole);
    home.helper().run().assert_key("key-1");
}

#[test]
fn lost_sealing_key_file_keeps_entries_that_do_not_open() {
    let home = home();
    let entry = home.state().entry_file("main");
    fs::remove_file(home.state().key_file().path()).unwrap();
    home.helper().run().assert_key("key-2");
    home.helper().run().assert_key("key-2");
    assert!(entry.is_file() && entry != home.state().entry_file("main"));
}

/// Containers often have a read-only root.
#[test]
fn sealing_key_file_on_a_read_only_disk_prints_the_key_with_a_warning() {
    let home = Home::with_script(KEYS);
    let share = home.path().join(".local/share");
    fs::create_dir_all(&share).unwrap();
    let mounts = Mounts::new().empty(&share, "1m").read_only(&share);
    let words = ["nothing is cached", "no sealing key can be kept", "Read-only file system"];
    for key in ["key-1", "key-2"] {
        mounts.seen_by(home.helper()).run().assert_warned(key, &words);
    }
    assert_eq!(home.state().files(".entry"), [""; 0]);
}

#[test]
fn seal_file_setting_uses_the_key_file() {
    let home = home();
    let text = fs::read_to_string(home.config_file()).unwrap();
    home.configure(&format!("seal = \"file\"\n{text}"));
    home.helper().run().assert_key("key-1");
    let (place, reason) = home_in_use(&home.helper());
    assert_eq!((&*place, &*reason), ("file", "the configuration says so"));
    home.configure(&format!("seal = \"files\"\n{text}"));
    home.helper().run().assert_error(2, &["config.toml:1:1", "`seal`", "`secret-service`"]);
}
