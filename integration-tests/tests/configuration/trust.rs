//! Configuration files that another user could have written.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use integration_tests::home::{Home, KEYS, SYSTEM_CONFIG, configuration};
use integration_tests::mounts::{Mounts, give_away};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn configuration_writable_by_others_is_refused() {
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
fn configuration_of_another_user_is_refused() {
    for of_the_folder in [false, true] {
        let home = Home::with_script(KEYS);
        let file = home.config_file();
        let path = if of_the_folder { file.parent().unwrap() } else { &file };
        // A folder of root in its place would not contain the file.
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
fn symlinked_configuration_is_judged_by_its_targets_folder() {
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

/// Returns each folder of the path, the nearest last.
fn folders_below(home: &Home, path: &Path) -> Vec<PathBuf> {
    let below = path.ancestors().skip(1).take_while(|folder| *folder != home.path());
    let mut folders: Vec<PathBuf> = below.map(Path::to_owned).collect();
    folders.reverse();
    folders
}

/// Asserts that neither a hit nor a fetch prints a key while others can write `folder`.
#[track_caller]
fn assert_refused_while_open(home: &Home, folder: &Path) {
    let before = home.runs("main");
    let mode = folder.metadata().unwrap().permissions().mode();
    chmod(folder, 0o777);
    let words = [&*folder.to_string_lossy(), "writable by others", "chmod o-w"];
    for arguments in [&[][..], &["get", "--refresh"]] {
        home.call(arguments.iter().copied()).run().assert_error(2, &words);
    }
    chmod(folder, mode & 0o7777);
    assert_eq!(home.runs("main"), before);
}

#[test]
fn configuration_below_a_folder_writable_by_others_blocks_a_hit() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    for folder in folders_below(&home, &home.config_file()) {
        assert_refused_while_open(&home, &folder);
    }
    chmod(&home.config_file(), 0o666);
    home.helper().run().assert_error(2, &["config.toml` is writable by others"]);
    chmod(&home.config_file(), 0o600);
    home.helper().run().assert_key("key-1");
}

#[test]
fn state_and_sealing_key_below_a_folder_writable_by_others_are_refused() {
    let home = Home::new();
    let script = home.script("main", KEYS);
    home.configure(&format!("seal = \"file\"\n{}", configuration("", "", &script)));
    home.helper().run().assert_key("key-1");
    let (state, keys) = (home.state(), home.state().key_file().path());
    for path in [&state.path().join("file"), &keys] {
        for folder in folders_below(&home, path) {
            if folder == state.path() || Some(&*folder) == keys.parent() {
                continue;
            }
            assert_refused_while_open(&home, &folder);
        }
    }
    for folder in [state.path(), keys.parent().unwrap()] {
        chmod(folder, 0o777);
        let words = [&*folder.to_string_lossy(), "is open to others (mode 777)", "chmod 700"];
        for arguments in [&[][..], &["get", "--refresh"]] {
            home.call(arguments.iter().copied()).run().assert_error(2, &words);
        }
        chmod(folder, 0o700);
    }
    home.helper().run().assert_key("key-1");
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn plan_of_another_profile_or_configuration_is_refused() {
    let home = Home::new();
    let [prod, dev] = ["prod", "dev"].map(|name| home.script(name, &format!("echo {name}-key")));
    let text = |dev_ttl: &str| {
        format!(
            "default_profile = \"prod\"\n\
             [profile.prod]\nsources = [\"prod\"]\n\
             [profile.dev]\nsources = [\"dev\"]\nttl = \"{dev_ttl}\"\n\
             [source.prod]\nbackend = \"script\"\ncommand = [\"{}\"]\n\
             [source.dev]\nbackend = \"script\"\ncommand = [\"{}\"]\n",
            prod.display(),
            dev.display()
        )
    };
    home.configure(&text("1h"));
    let state = home.state();
    // Returns the plan that a call leaves, by its profile.
    let plan_of = |call: &integration_tests::call::Call, key: &str| {
        let before = state.files(".plan");
        call.run().assert_key(key);
        let made: Vec<String> =
            state.files(".plan").into_iter().filter(|plan| !before.contains(plan)).collect();
        let [plan] = &made[..] else { panic!("not one plan: {made:?}") };
        state.path().join(plan)
    };
    let dev_call = home.call(["--profile", "dev"]);
    let prod_plan = fs::read(plan_of(&home.helper(), "prod-key")).unwrap();
    let dev_plan = plan_of(&dev_call, "dev-key");
    state.replace(&dev_plan, &prod_plan);
    dev_call.run().assert_key("dev-key");

    // A plan of the same profile, before its settings were changed.
    let old_plan = fs::read(&dev_plan).unwrap();
    home.configure(&text("0s"));
    let new_plan = plan_of(&dev_call, "dev-key");
    state.replace(&new_plan, &old_plan);
    let before = home.runs("dev");
    dev_call.run().assert_key("dev-key");
    assert_eq!(home.runs("dev"), before + 1);
}

#[test]
fn secret_input_file_writable_by_others_is_refused() {
    let home = Home::with_settings("", "stdin = { file = \"secrets/of/token\" }", "cat");
    let token = home.write(".config/api-key-helper/secrets/of/token", "tok-1");
    let call = home.call(["get", "--refresh"]);
    call.run().assert_key("tok-1");
    for folder in [token.parent().unwrap(), token.parent().unwrap().parent().unwrap()] {
        chmod(folder, 0o757);
        call.run().assert_error(2, &[&*folder.to_string_lossy(), "writable by others"]);
        chmod(folder, 0o755);
    }
    chmod(&token, 0o606);
    call.run().assert_error(2, &["token` is writable by others: its mode is 0606", "chmod o-w"]);
    // A user who may only read it cannot change the key.
    chmod(&token, 0o644);
    call.run().assert_key("tok-1");
}

#[test]
fn secret_mounted_by_kubernetes_is_read() {
    let home = Home::with_settings("", "stdin = { file = \"mounted/token\" }", "cat");
    // A folder like `/tmp`, and links that lead to the current mount.
    let mounted = home.config_file().with_file_name("mounted");
    home.write(".config/api-key-helper/mounted/..2026/token", "tok-1");
    chmod(&mounted, 0o1777);
    symlink("..2026", mounted.join("..data")).unwrap();
    symlink("..data/token", mounted.join("token")).unwrap();
    home.helper().run().assert_key("tok-1");
}

#[test]
fn system_configuration_writable_by_others_is_refused() {
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
fn configuration_that_is_a_folder_exits_2() {
    let home = Home::new();
    let words = [&*home.path().to_string_lossy(), "is not a file"];
    home.helper().arg("--config").arg(home.path()).run().assert_error(2, &words);
}
