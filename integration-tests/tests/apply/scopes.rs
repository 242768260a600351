//! `apply` for the user, for a project, and for all users of the machine.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use integration_tests::call::Call;

use crate::{front, mode, own_etc, run_line, settings_file, user};

#[test]
fn apply_scope_user_project_and_local_have_their_files() {
    let home = user();
    let work = home.path().join("work");
    fs::create_dir(&work).unwrap();
    let apply = |scope| home.call(["apply", "--scope", scope]).folder(&work);

    let local = work.join(".claude/settings.local.json");
    let _ = apply("local").run().assert_printed();
    run_line(&home, &local).assert_key("key-1");

    let project = work.join(".claude/settings.json");
    let answer = apply("project").run();
    assert_eq!(answer.code, Some(0));
    assert!(answer.stderr.contains("commonly committed"), "{answer:?}");
    run_line(&home, &project).assert_key("key-1");
    assert_eq!((mode(&local), mode(&project)), (0o600, 0o644 & !umask()));

    let elsewhere = home.path().join("elsewhere");
    let _ = apply("user").env("CLAUDE_CONFIG_DIR", &elsewhere).run().assert_printed();
    run_line(&home, &elsewhere.join("settings.json")).assert_key("key-1");
    assert!(!settings_file(&home).exists());
}

fn umask() -> u32 {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    0o666 & !mode(&folder.path().join("file"))
}

#[test]
fn apply_scope_managed_needs_root() {
    let home = user();
    let (etc, mounts) = own_etc(&home);
    let apply = home.call(["apply", "--scope", "managed"]);
    // A user without a name, and without rights beyond the files' modes.
    let powerless = |call: Call| mounts.seen_by(call.under(["unshare", "--user"]));
    fs::set_permissions(&etc, fs::Permissions::from_mode(0o555)).unwrap();
    let hint = format!("run `sudo {} apply --scope managed`", front().display());
    powerless(apply.clone()).run().assert_error(2, &["/etc/claude-code", &hint]);

    fs::set_permissions(&etc, fs::Permissions::from_mode(0o755)).unwrap();
    let _ = mounts.seen_by(apply).run().assert_printed();
    let file = etc.join("claude-code/managed-settings.json");
    run_line(&home, &file).assert_key("key-1");
    assert_eq!(mode(&file), 0o644 & !umask());

    // A file beside it takes precedence.
    let part =
        home.write("etc/claude-code/managed-settings.d/5.json", "{\"apiKeyHelper\": \"other\"}");
    let answer = mounts.seen_by(home.call(["apply", "--scope", "managed"])).run();
    let shadow = "`/etc/claude-code/managed-settings.d/5.json` sets another `apiKeyHelper`";
    assert!(answer.stderr.contains(shadow), "{answer:?}");

    fs::remove_dir_all(part.parent().unwrap()).unwrap();
    let undo = mounts.seen_by(home.call(["apply", "--scope", "managed", "--undo"])).run();
    assert!(undo.assert_printed().starts_with("Setting undone"), "{undo:?}");
    assert_eq!(fs::read_dir(&etc).unwrap().count(), 0);
}
