//! Findings about Claude Code's settings.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use integration_tests::binaries::Binaries;
use serde_json::json;

use crate::setup::{Report, Setup};

#[test]
fn doctor_finds_valid_claude_code_settings_ok() {
    let report = Setup::new().examine();
    for name in [
        "api-key-variable",
        "auth-token-variable",
        "client-settings",
        "client-ttl",
        "helper-copy",
        "helper-in-project",
        "helper-line",
        "helper-profile",
        "helper-setting",
    ] {
        report.assert(name, "ok", &[]);
    }
}

#[test]
fn doctor_finds_applied_claude_code_settings_ok() {
    let setup = Setup::new();
    fs::remove_file(setup.home.path().join(".claude/settings.json")).unwrap();
    setup.examine().assert("helper-setting", "ok", &["api-key-helper apply"]);
    let applied = setup.home.call(["apply"]).run();
    assert_eq!(applied.code, Some(0), "{applied:?}");
    let report = setup.examine();
    report.assert_well();
    report.assert("client-ttl", "ok", &["29 min"]);
}

#[test]
fn doctor_reports_invalid_or_missing_claude_code_settings() {
    let setup = Setup::new();
    let settings = setup.home.write(".claude/settings.json", "{\n  \"apiKeyHelper\": 7\n}");
    let report = setup.examine();
    report.assert("client-settings", "error", &["(user)", "line 2, column 19"]);
    report.assert("helper-setting", "warning", &["api-key-helper apply"]);
    report.assert_absent("helper-run");
    fs::remove_file(settings).unwrap();
    let report = setup.examine();
    report.assert_well();
    report.assert("helper-setting", "ok", &["no helper yet", "`api-key-helper apply`"]);
    report.assert_absent("client-settings");
}

#[test]
fn doctor_warns_of_settings_that_shadow_others() {
    let setup = Setup::new();
    let project = setup.home.path().join("project");
    let shared = json!({ "apiKeyHelper": "exec /opt/theirs" }).to_string();
    setup.home.write("project/.claude/settings.json", &shared);
    let call = setup.call().folder(&project);
    let words = ["(project)", "who can write to the project", "apply --scope local"];
    Report::of(&call).assert("helper-setting", "warning", &words);
    let local = json!({ "apiKeyHelper": setup.line() }).to_string();
    setup.home.write("project/.claude/settings.local.json", &local);
    Report::of(&call).assert("helper-setting", "warning", &["(local)", "shadows", "(project)"]);

    let managed = "/etc/claude-code/managed-settings.json";
    let mounts = setup.in_etc(managed, &shared);
    let report = Report::of(&mounts.seen_by(setup.call()));
    let words = ["(managed)", "shadows another one in", "(user)", "administrator"];
    report.assert("helper-setting", "warning", &words);
    report.assert("helper-line", "error", &["`/opt/theirs`"]);
}

#[test]
fn doctor_warns_of_anthropic_api_key_and_auth_token() {
    let setup = Setup::new();
    setup.tell(&setup.line(), &json!({ "ANTHROPIC_AUTH_TOKEN": "t" }));
    let report = Report::of(&setup.call().env("ANTHROPIC_API_KEY", "k"));
    report.assert("api-key-variable", "warning", &["in the environment", "`x-api-key`", "unset"]);
    let words = ["`env` of", "settings.json", "`Authorization`", "remove it"];
    report.assert("auth-token-variable", "warning", &words);
}

#[test]
fn doctor_reports_an_unsuitable_claude_code_ttl() {
    let setup = Setup::new();
    let with = |ttl: &str| {
        let env = json!({ "CLAUDE_CODE_API_KEY_HELPER_TTL_MS": ttl });
        setup.tell(&setup.line(), &env);
        setup.examine()
    };
    with("1700000").assert("client-ttl", "ok", &["28 min"]);
    with("1h").assert("client-ttl", "error", &["acts as 1 ms", "api-key-helper apply"]);
    with("0").assert("client-ttl", "warning", &["for every request"]);
    with("1800000").assert("client-ttl", "warning", &["lives 1 h 0 min", "half of that"]);
    // The settings take precedence over the environment.
    let call = setup.call().env("CLAUDE_CODE_API_KEY_HELPER_TTL_MS", "60000");
    Report::of(&call).assert("client-ttl", "warning", &["for 30 min 0 s"]);
    let script = setup.home.script("foreign", "echo key");
    setup.tell(&script.display().to_string(), &json!({}));
    setup.examine().assert("client-ttl", "warning", &["5 min", "no cache", "1800000"]);
    // In our own environment, it is an error as well.
    let call = setup.call().env("CLAUDE_CODE_API_KEY_HELPER_TTL_MS", "1h");
    let report = Report::of(&call);
    report.assert("configuration-settings", "error", &["CLAUDE_CODE_API_KEY_HELPER_TTL_MS"]);
    report.assert("client-ttl", "error", &["in the environment", "acts as 1 ms"]);
}

#[test]
fn doctor_reports_an_api_key_helper_line_that_runs_no_program() {
    let setup = Setup::new();
    let with = |line: &str| {
        setup.tell(line, &json!({}));
        setup.examine()
    };
    let folder = setup.home.path().join("my bin");
    fs::create_dir(&folder).unwrap();
    let copy = Binaries::copy(&folder);
    let path = copy.front.display().to_string();
    let report = with(&format!("exec {path}"));
    report.assert("helper-line", "error", &["is not quoted", &format!("exec '{path}'")]);
    report.assert("helper-run", "error", &["exit status: 127"]);
    let report = with(&format!("exec '{path}'"));
    report.assert("helper-line", "ok", &[]);
    report.assert("helper-copy", "warning", &["another copy of api-key-helper", "apply"]);
    report.assert("helper-in-project", "ok", &[]);
    let report = Report::of(&setup.call().folder(&folder));
    report.assert("helper-in-project", "warning", &["is inside the project's folder"]);
    with("'my bin/api-key-helper'").assert("helper-line", "warning", &["relative path"]);
    with("/opt/api-key-helper").assert("helper-line", "error", &["is not there"]);
    fs::set_permissions(&copy.front, Permissions::from_mode(0o600)).unwrap();
    with(&format!("'{path}'")).assert("helper-line", "error", &["is not executable", "chmod u+x"]);
    fs::set_permissions(&copy.front, Permissions::from_mode(0o722)).unwrap();
    with(&format!("'{path}'")).assert("helper-line", "error", &["writable by others"]);
}

#[test]
fn doctor_warns_of_an_api_key_helper_line_for_another_profile() {
    let setup = Setup::new();
    setup.tell(&format!("{} --profile home", setup.line()), &json!({}));
    let words = ["uses profile `home`", "about `main`", "--profile home doctor`"];
    setup.examine().assert("helper-profile", "warning", &words);
}
