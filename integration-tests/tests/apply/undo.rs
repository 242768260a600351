//! `apply --undo` leaves what was there before.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use integration_tests::files;
use integration_tests::home::Home;
use integration_tests::servers::git;
use serde_json::json;

use crate::{read, settings_file, user};

/// Applies, applies again with another line, and undoes that.
#[track_caller]
fn apply_and_undo(home: &Home) -> String {
    let _ = home.call(["apply", "--force"]).run().assert_printed();
    let _ = home.call(["--profile", "main", "apply"]).run().assert_printed();
    assert!(read(&settings_file(home))["apiKeyHelper"].as_str().unwrap().ends_with("main"));
    home.call(["apply", "--undo"]).run().assert_printed().to_owned()
}

#[test]
fn apply_undo_restores_every_byte() {
    let large: String =
        (0..20_000).map(|n| format!("  \"key {n}\": [{n}.50, \"\\u00fc\"],\n")).collect();
    let files = [
        String::new(),
        "\u{feff}".to_owned(),
        " \r\n".to_owned(),
        "{}".to_owned(),
        "{ }\n\n".to_owned(),
        format!("{{\n{large}  \"last\": 1E+2\n}}\n"),
        "{\r\n  \"model\": \"opus\",\r\n  \"env\": {\r\n    \"A\": \"1\"\r\n  }\r\n}\r\n"
            .to_owned(),
        "{\n\t\"env\": {},\n\t\"permissions\": {\n\t\t\"allow\": []\n\t}\n}\n".to_owned(),
        "\u{feff}{\"b\":1,\"a\":2,\"b\":3}".to_owned(),
        "{\"apiKeyHelper\":\"old\",\"env\":{\"CLAUDE_CODE_API_KEY_HELPER_TTL_MS\":5}}".to_owned(),
        "{\"apiKeyHelper\": \"a\",\n \"apiKeyHelper\": \"b\"}".to_owned(),
    ];
    for text in files {
        let home = user();
        let file = home.write(".claude/settings.json", &text);
        let said = apply_and_undo(&home);
        assert!(said.ends_with("is what it was before.\n"), "{said}");
        assert!(fs::read(&file).unwrap() == text.as_bytes(), "{text:.100}");
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }
}

#[test]
fn apply_undo_removes_the_file_and_folders_it_made() {
    let home = user();
    assert!(apply_and_undo(&home).starts_with("Setting undone: there is no "));
    assert!(!home.path().join(".claude").exists());

    // A folder that others have made, or use by now, stays.
    for theirs in [true, false] {
        let home = user();
        let folder = home.path().join(".claude");
        if theirs {
            fs::create_dir(&folder).unwrap();
        }
        let _ = home.call(["apply"]).run().assert_printed();
        if !theirs {
            home.write(".claude/history", "");
        }
        let _ = home.call(["apply", "--undo"]).run().assert_printed();
        assert!(folder.exists() && !settings_file(&home).exists());
    }
}

#[test]
fn apply_undo_keeps_symlink_and_mode() {
    let home = user();
    let text = "{\n  \"model\": \"opus\"\n}\n";
    let real = home.write("dotfiles/claude.json", text);
    fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
    fs::create_dir(home.path().join(".claude")).unwrap();
    let link = settings_file(&home);
    symlink("../dotfiles/claude.json", &link).unwrap();
    let mode = || real.metadata().unwrap().permissions().mode() & 0o7777;

    let _ = home.call(["apply"]).run().assert_printed();
    assert!(link.is_symlink() && read(&real)["apiKeyHelper"].is_string());
    assert_eq!(mode(), 0o640);
    // Beside the file and not beside the link, which may be in a repository.
    assert_eq!(fs::read_dir(link.parent().unwrap()).unwrap().count(), 1);
    let copy = real.with_file_name("claude.json.before-api-key-helper");
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o7777, 0o640);
    let _ = home.call(["apply", "--undo"]).run().assert_printed();
    assert!(link.is_symlink());
    assert_eq!((fs::read_to_string(&real).unwrap(), mode()), (text.to_owned(), 0o640));
    assert_eq!(fs::read_dir(home.path().join("dotfiles")).unwrap().count(), 1);

    fs::remove_file(&real).unwrap();
    home.call(["apply"]).run().assert_error(2, &["a broken link"]);
}

#[test]
fn apply_backup_of_ignored_settings_is_ignored_by_git() {
    let home = user();
    let work = home.path().join("work");
    fs::create_dir_all(work.join(".claude")).unwrap();
    let git = |arguments: &[&str]| git::run(git::git(&work, arguments));
    git(&["init", "--quiet"]);
    // Claude Code does this for the file that it makes.
    fs::write(work.join(".git/info/exclude"), "**/.claude/settings.local.json\n").unwrap();
    let secret = "{\n  \"env\": {\n    \"TOKEN\": \"private-value\"\n  }\n}\n";
    let local = work.join(".claude/settings.local.json");
    fs::write(&local, secret).unwrap();
    let private = home.write("private/settings.json", secret);
    symlink(&private, work.join(".claude/settings.json")).unwrap();

    let apply = |arguments: &[&str]| {
        let answer = home.call(arguments.iter().copied()).folder(&work).run();
        assert_eq!(answer.code, Some(0), "{answer:?}");
    };
    for scope in ["local", "project"] {
        apply(&["apply", "--scope", scope]);
    }
    git(&["add", "--all"]);
    assert_eq!(git(&["ls-files"]), ".claude/settings.json\n");
    assert!(git(&["ls-files", "--others", "--exclude-standard"]).is_empty());
    for scope in ["local", "project"] {
        apply(&["apply", "--scope", scope, "--undo"]);
    }
    for file in [&local, &private] {
        assert_eq!(fs::read_to_string(file).unwrap(), secret);
        let folder = fs::read_dir(file.parent().unwrap()).unwrap();
        let names: Vec<_> = folder.map(|file| file.unwrap().file_name()).collect();
        assert!(!names.iter().any(|name| name.to_string_lossy().contains("before")), "{names:?}");
    }
}

#[test]
fn apply_local_refuses_a_symlink_as_backup_folder() {
    let home = user();
    let ignore = home.write("other/.gitignore", "target\n");
    let link = home.path().join("work/.claude/.before-api-key-helper");
    fs::create_dir_all(link.parent().unwrap()).unwrap();
    symlink(ignore.parent().unwrap(), &link).unwrap();
    let apply = home.call(["apply", "--scope", "local"]).folder(&home.path().join("work"));
    let hint = format!("remove the link with `rm {}`", link.display());
    apply.clone().run().assert_error(2, &["where its backup belongs, is a link", &hint]);
    assert_eq!(files::below(ignore.parent().unwrap()), [(ignore.clone(), "target\n".into())]);
    assert!(!link.with_file_name("settings.local.json").exists());

    fs::remove_file(&link).unwrap();
    let _ = apply.run().assert_printed();
}

#[test]
fn apply_undo_keeps_later_changes() {
    let home = user();
    let before = "{\n  \"apiKeyHelper\": \"old\",\n  \"env\": {\n    \"A\": \"1\"\n  }\n}\n";
    let file = home.write(".claude/settings.json", before);
    let _ = home.call(["apply", "--force"]).run().assert_printed();
    let theirs = fs::read_to_string(&file).unwrap().replace("\"A\": \"1\"", "\"B\": 2.0");
    fs::write(&file, theirs).unwrap();
    let said = home.call(["apply", "--undo"]).run();
    assert!(said.assert_printed().contains("What else was changed"), "{said:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), before.replace("\"A\": \"1\"", "\"B\": 2.0"));

    // Also in a file that we made.
    let home = user();
    let file = settings_file(&home);
    let _ = home.call(["apply"]).run().assert_printed();
    let theirs = fs::read_to_string(&file).unwrap().replacen('{', "{\n  \"theme\": \"dark\",", 1);
    fs::write(&file, theirs).unwrap();
    let _ = home.call(["apply", "--undo"]).run().assert_printed();
    assert_eq!(read(&file), json!({"theme": "dark"}));
}

#[test]
fn apply_undo_keeps_another_programs_helper() {
    let home = user();
    let file = home.write(".claude/settings.json", "{\"apiKeyHelper\": \"old\"}");
    let _ = home.call(["apply", "--force"]).run().assert_printed();
    fs::write(&file, "{\"apiKeyHelper\": \"new\"}").unwrap();
    let said = home.call(["apply", "--undo"]).run();
    assert!(said.assert_printed().contains("another program's"), "{said:?}");
    // From now on, the newer file is the backup.
    apply_and_undo(&home);
    assert_eq!(fs::read_to_string(&file).unwrap(), "{\"apiKeyHelper\": \"new\"}");
}

#[test]
fn apply_undo_without_an_apply_says_so() {
    let home = Home::new();
    let said = home.call(["apply", "--undo"]).run();
    assert!(said.assert_printed().contains("is not set"), "{said:?}");
    home.write(".claude/settings.json", "{\"apiKeyHelper\": \"exec /b/api-key-helper\"}");
    home.call(["apply", "--undo"]).run().assert_error(2, &["is not known", "by hand"]);
}
