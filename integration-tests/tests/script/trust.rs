//! Configuration files that somebody else could have written.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use integration_tests::home::{Home, KEYS, SYSTEM_CONFIG, configuration};
use integration_tests::mounts::{Mounts, give_away};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_configuration_that_others_can_write_is_not_believed() {
    let home = Home::with_script(KEYS);
    let file = home.config_file();
    let folder = file.parent().unwrap();
    let others = |path: &Path, mode: u32| {
        chmod(path, mode);
        let what = format!("`{}` is writable by others: its mode is {mode:04o}", path.display());
        let mend = format!("chmod o-w {}", path.display());
        home.helper().run().assert_error(2, &[&what, &mend]);
        chmod(path, 0o700);
    };
    others(&file, 0o646);
    others(folder, 0o757);
    assert_eq!(home.runs("main"), 0);

    home.helper().run().assert_key("key-1");
}

#[test]
fn a_configuration_of_somebody_else_is_not_believed() {
    for of_the_folder in [false, true] {
        let home = Home::with_script(KEYS);
        let file = home.config_file();
        let path = if of_the_folder { file.parent().unwrap() } else { &file };
        // A folder of root's in its place would not hold the file.
        if of_the_folder && !rustix::process::geteuid().is_root() {
            continue;
        }
        let mounts = give_away(path);
        let words = [&*path.to_string_lossy(), "belongs to uid 65534", "chown"];
        mounts.seen_by(home.helper()).run().assert_error(2, &words);
        assert_eq!(home.runs("main"), 0);
    }
}

#[test]
fn a_linked_configuration_is_judged_by_where_it_is() {
    let home = Home::new();
    let script = home.script("main", KEYS);
    let real = home.write("dotfiles/config.toml", configuration("", "", &script));
    fs::create_dir_all(home.config_file().parent().unwrap()).unwrap();
    symlink(&real, home.config_file()).unwrap();
    chmod(real.parent().unwrap(), 0o777);
    let folder = format!("the folder `{}`", real.parent().unwrap().display());
    home.helper().run().assert_error(2, &[&folder, "is writable by others"]);
    chmod(real.parent().unwrap(), 0o755);
    home.helper().run().assert_key("key-1");
}

#[test]
fn a_system_configuration_that_others_can_write_is_not_believed() {
    let home = Home::new();
    let script = home.script("main", KEYS);
    let file = home.write("system.toml", configuration("", "", &script));
    let machine = Mounts::new()
        .empty(Path::new("/etc"), "1m")
        .command("chmod 755 /etc")
        .copy(&file, Path::new(SYSTEM_CONFIG));
    machine.seen_by(home.helper()).run().assert_key("key-1");
    let machine = machine.command(&format!("chmod 666 {SYSTEM_CONFIG}"));
    let words = [&*format!("`{SYSTEM_CONFIG}` is writable by others"), "chmod go-w"];
    let call = home.helper().env("API_KEY_HELPER_RETRY_COUNT", "0");
    machine.seen_by(call).run().assert_error(2, &words[..1]);
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn what_is_no_file_is_told() {
    let home = Home::new();
    let words = [&*home.path().to_string_lossy(), "is not a file"];
    home.helper().arg("--config").arg(home.path()).run().assert_error(2, &words);
}
