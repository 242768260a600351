//! Files that other users can change.

use std::path::Path;

use platform_tests::home::{Home, KEYS};

/// The words of the error.
const WRITABLE: &str = if cfg!(windows) { "can be changed by" } else { "is writable by others" };

#[cfg(unix)]
fn let_everyone_write(path: &Path) {
    use std::os::unix::fs::PermissionsExt;

    let mode = if path.is_dir() { 0o777 } else { 0o666 };
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[cfg(windows)]
fn let_everyone_write(path: &Path) {
    platform_tests::access_list::let_everyone_write(path);
}

#[test]
fn configuration_writable_by_others_exits_2() {
    let home = Home::with_source(KEYS);
    let_everyone_write(&home.config_file());
    home.helper().run().assert_error(2, &["config.toml", WRITABLE]);
    assert_eq!(home.runs("main"), 0);
    assert_eq!(home.state().files(".plan"), [""; 0]);
}

#[test]
fn configuration_in_a_folder_writable_by_others_exits_2() {
    let home = Home::with_source(KEYS);
    let_everyone_write(home.config_file().parent().unwrap());
    home.helper().run().assert_error(2, &["the folder", WRITABLE]);
    assert_eq!(home.runs("main"), 0);
}

#[test]
fn script_program_writable_by_others_exits_2() {
    let home = Home::with_settings("retries = 0", "", KEYS);
    let_everyone_write(&home.test_program());
    home.helper().run().assert_error(2, &["test-program", WRITABLE]);
    assert_eq!(home.runs("main"), 0);
}

#[test]
fn sealing_key_file_writable_by_others_exits_2() {
    let home = Home::with_source(KEYS);
    home.helper().run().assert_key("key-1");
    let_everyone_write(&home.state().key_file().path());
    let answer = home.helper().run();
    answer.assert_error(2, &["seal.key"]);
}
