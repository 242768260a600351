//! `apply` writes what Claude Code runs, and nothing else.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use integration_tests::binaries::{Binaries, FRONT, WORKER};
use integration_tests::call::Call;
use integration_tests::executables;
use integration_tests::files;
use integration_tests::home::configuration;
use integration_tests::mounts::Mounts;
use serde_json::json;

use crate::{mode, read, run_line, settings_file, user};

#[test]
fn apply_writes_a_line_that_claude_code_can_run() {
    let home = user();
    let file = settings_file(&home);
    let front = Binaries::built().front.canonicalize().unwrap();
    let line = format!("exec '{}'", front.display());
    let said = home.call(["apply"]).run().assert_printed().to_owned();
    assert_eq!(
        said,
        format!(
            "Wrote {}\nSetting applied successfully. Configuration changes:\n\
             apiKeyHelper: {line}\nCLAUDE_CODE_API_KEY_HELPER_TTL_MS: 3600000\n\
             Key refresh: automatic every 60 minutes\n",
            file.display()
        )
    );
    let env = json!({"CLAUDE_CODE_API_KEY_HELPER_TTL_MS": "3600000"});
    assert_eq!(read(&file), json!({"apiKeyHelper": line, "env": env}));
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    run_line(&home, &file).assert_key("key-1");

    let before = files::below(&home.path().join(".claude"));
    let again = home.call(["apply"]).run();
    assert!(again.assert_printed().starts_with("Nothing changes: "), "{again:?}");
    assert_eq!(files::below(&home.path().join(".claude")), before);
}

#[test]
fn apply_line_has_the_profile_and_config_options() {
    let home = user();
    let script = home.path().join("main");
    home.write("a b/other.toml", configuration("", "lifetime = \"48h\"", &script));
    let call = home.call(["--profile", "main", "apply", "--config", "a b/other.toml"]);
    let _ = call.run().assert_printed();
    let file = settings_file(&home);
    let config = home.path().join("a b/other.toml");
    let end = format!("--profile main --config '{}'", config.display());
    assert!(read(&file)["apiKeyHelper"].as_str().unwrap().ends_with(&end));
    run_line(&home, &file).assert_key("key-1");
    home.call(["--profile", "other", "apply"]).run().assert_error(2, &["`other`"]);
}

#[test]
fn apply_quotes_a_path_for_the_shell() {
    let home = user();
    let folder = home.path().join("it's \"mine\" & $HOME");
    let binaries = Binaries::copy(&folder);
    let _ = home.call(["apply"]).program(&binaries.front).run().assert_printed();
    run_line(&home, &settings_file(&home)).assert_key("key-1");
}

#[test]
fn apply_writes_the_path_that_survives_an_upgrade() {
    let home = user();
    let version = home.path().join("cellar/1.0");
    executables::copy(&Binaries::built().front, &version.join("bin").join(FRONT));
    let libexec = version.join("libexec/api-key-helper");
    executables::copy(&Binaries::built().worker, &libexec.join(WORKER));
    let front = version.join("bin").join(FRONT);
    let written = |path: String| {
        let call = home.call(["apply"]).program(&front).env("PATH", path);
        let _ = call.run().assert_printed();
        read(&settings_file(&home))["apiKeyHelper"].as_str().unwrap().to_owned()
    };
    let exec = |path: &Path| format!("exec '{}'", path.display());
    assert_eq!(written("/usr/bin".to_owned()), exec(&front));

    let bin = home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    symlink(&front, bin.join(FRONT)).unwrap();
    assert_eq!(written(format!("bin:/usr/bin:{}", bin.display())), exec(&bin.join(FRONT)));
    run_line(&home, &settings_file(&home)).assert_key("key-1");

    // Another user who can write there could replace the link.
    fs::set_permissions(&bin, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(written(bin.display().to_string()), exec(&front));
}

#[test]
fn apply_without_force_keeps_another_api_key_helper() {
    let home = user();
    let text = "{\n  \"apiKeyHelper\": \"echo sk-canary-5\"\n}";
    let file = home.write(".claude/settings.json", text);
    for arguments in [&["apply"][..], &["apply", "--dry-run"]] {
        let answer = home.call(arguments.iter().copied()).run();
        let place = format!("`{}`, line 2, column 19", file.display());
        answer.assert_error(2, &[&place, "`--force`"]);
        assert!(!answer.stderr.contains("canary"), "{answer:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    let dry = home.call(["apply", "--force", "--dry-run"]).run();
    assert!(dry.assert_printed().contains("-apiKeyHelper: (not shown)\n+apiKeyHelper: exec '"));
    let answer = home.call(["apply", "--force"]).run();
    let copy = file.with_file_name("settings.json.before-api-key-helper");
    assert!(answer.assert_printed().contains(&*copy.to_string_lossy()));
    assert_eq!(fs::read_to_string(&copy).unwrap(), text);
    run_line(&home, &file).assert_key("key-1");
}

#[test]
fn apply_refuses_invalid_settings_with_line_and_column() {
    let home = user();
    for (text, place) in [
        ("{\n  \"model\": \"opus\",\n}", "line 3, column 1"),
        ("{\n  // mine\n}", "line 2, column 3"),
        ("{\"apiKeyHelper\": 5}", "line 1, column 18: `apiKeyHelper` is not a string"),
        ("{\"env\": []}", "line 1, column 9: `env` is not an object"),
        ("[]", "line 1, column 1"),
    ] {
        let file = home.write(".claude/settings.json", text);
        for arguments in [&["apply"][..], &["apply", "--force"], &["apply", "--undo"]] {
            home.call(arguments.iter().copied()).run().assert_error(2, &[place, "settings.json`"]);
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }
}

#[test]
fn apply_dry_run_shows_the_difference_and_writes_nothing() {
    let home = user();
    let ttl = "CLAUDE_CODE_API_KEY_HELPER_TTL_MS";
    let text = format!("{{\"env\":{{\"TOKEN\":\"sk-canary-5\",\"{ttl}\":\"300000\"}}}}");
    let file = home.write(".claude/settings.json", &text);
    let _ = home.call(["status"]).run();
    let before = files::below(home.path());
    let answer = home.call(["apply", "--dry-run"]).run();
    let (front, shown) = (Binaries::built().front.canonicalize().unwrap(), file.display());
    assert_eq!(
        answer.assert_printed(),
        format!(
            "--- {shown}\n+++ {shown}\n+apiKeyHelper: exec '{}'\n-env.{ttl}: 300000\n\
             +env.{ttl}: 3600000\nNothing was written.\n",
            front.display()
        )
    );
    assert_eq!(files::below(home.path()), before);
}

#[test]
fn apply_warns_of_settings_that_override_the_helper() {
    let home = user();
    let warned = |call: Call, words: &[&str]| {
        let answer = call.run();
        assert_eq!((answer.code, answer.stderr.lines().count()), (Some(0), 1), "{answer:?}");
        for word in words {
            assert!(answer.stderr.contains(word), "{word}: {answer:?}");
        }
        assert!(!answer.stderr.contains("sk-canary"), "{answer:?}");
    };
    let key = home.call(["apply"]).env("ANTHROPIC_API_KEY", "sk-canary-5");
    warned(key, &["the environment sets `ANTHROPIC_API_KEY`"]);

    let local = home.write(
        "work/.claude/settings.local.json",
        "{\"apiKeyHelper\": \"echo sk-canary-5\", \"env\": {\"ANTHROPIC_AUTH_TOKEN\": \"sk-canary-5\", \
         \"CLAUDE_CODE_API_KEY_HELPER_TTL_MS\": \"5\"}}",
    );
    let shown = local.display().to_string();
    let in_work = home.call(["apply"]).folder(&home.path().join("work"));
    warned(
        in_work,
        &[
            &format!("`{shown}` sets `ANTHROPIC_AUTH_TOKEN`"),
            &format!("`{shown}` sets another `apiKeyHelper`"),
            &format!("`{shown}` sets another `CLAUDE_CODE_API_KEY_HELPER_TTL_MS`"),
        ],
    );
    // A setting with lower precedence still applies.
    let _ = home.call(["apply"]).run().assert_printed();
}

#[test]
fn apply_shows_no_secret_of_the_settings() {
    const SECRET: &str = "sk-canary-5up3rc4l1fr4g1l";
    let home = user();
    for text in [
        format!("{{\"env\":{{\"ANTHROPIC_AUTH_TOKEN\":\"{SECRET}\"}}}}"),
        format!("{{\"apiKeyHelper\": \"echo {SECRET}\", \"env\": {{\"A\": \"{SECRET}\"}}}}"),
        format!("{{\"env\": {{\"CLAUDE_CODE_API_KEY_HELPER_TTL_MS\": \"{SECRET}\"}}}}"),
        format!("{{\"apiKeyHelper\": \"api-key-helper --profile {SECRET}; {SECRET}\"}}"),
        format!("{{\"env\": \"{SECRET}\"}}"),
        format!("{{\"env\": {SECRET}}}"),
        format!("{{\"{SECRET}\": \"{SECRET}\\q\"}}"),
        SECRET.to_owned(),
    ] {
        home.write(".claude/settings.json", &text);
        for arguments in [
            &["apply", "--dry-run"][..],
            &["apply", "--force", "--dry-run"],
            &["apply"],
            &["apply", "--force"],
            &["apply"],
            &["apply", "--undo", "--dry-run"],
            &["apply", "--undo"],
            &["apply", "--undo"],
        ] {
            let answer = home.call(arguments.iter().copied()).run();
            assert!(!answer.stdout.contains(SECRET) && !answer.stderr.contains(SECRET), "{text}");
        }
        assert_eq!(fs::read_to_string(settings_file(&home)).unwrap(), text);
    }
}

#[test]
fn apply_on_a_read_only_or_full_disk_names_the_folder() {
    let home = user();
    let folder = home.path().join(".claude");
    fs::create_dir(&folder).unwrap();
    let shown = folder.display();
    let read_only = Mounts::new().empty(&folder, "1m").read_only(&folder);
    let look = format!("look at it with `ls -ld {shown}`");
    read_only.seen_by(home.call(["apply"])).run().assert_error(2, &["Read-only", &look]);
    let fill = format!("head -c 4096 /dev/zero >'{shown}/full'");
    let full = Mounts::new().empty(&folder, "4k").command(&fill);
    let answer = full.seen_by(home.call(["apply"])).run();
    answer.assert_error(2, &["No space left on device", "make room on its disk"]);
    assert!(!answer.stderr.contains(" at path "), "nobody knows that file: {answer:?}");
}
