//! The helper, run as Claude Code runs it.

use std::fs;

use integration_tests::call::Call;
use integration_tests::home::KEYS;
use serde_json::json;

use crate::setup::{Report, Setup};

const CHECKS: [&str; 4] = ["helper-run", "helper-output", "helper-stdout", "helper-time"];

/// Returns the report about another program as helper.
fn foreign(body: &str) -> Report {
    let setup = Setup::new();
    let script = setup.home.script("foreign", body);
    setup.tell(&script.display().to_string(), &json!({ "FROM_SETTINGS": "yes" }));
    Report::of(&agents(setup.call()).env("FROM_SETTINGS", "no"))
}

/// Returns the call in the environment of a command that Claude Code's agent runs.
fn agents(call: Call) -> Call {
    call.env("CLAUDECODE", "1")
        .env("CLAUDE_CODE_CHILD_SESSION", "1")
        .env("CLAUDE_PID", "1")
        .env("CLAUDE_CODE_MESSAGING_SOCKET", "/tmp/1.sock")
}

#[test]
fn doctor_finds_a_working_api_key_helper_ok() {
    let report = Setup::new().examine();
    for name in CHECKS {
        report.assert(name, "ok", &[]);
    }
    report.assert("helper-output", "ok", &["5 bytes"]);
}

#[test]
fn doctor_runs_the_api_key_helper_as_claude_code_does() {
    let report = foreign(
        "[ \"$FROM_SETTINGS$CLAUDE_CODE_ENTRYPOINT\" = yescli ] || exit 10\n\
         [ -z \"$CLAUDECODE$CLAUDE_CODE_CHILD_SESSION$CLAUDE_PID$CLAUDE_CODE_MESSAGING_SOCKET\" ] || exit 11\n\
         for stream in 0 1 2; do [ ! -t $stream ] || exit 12; done\n\
         timeout 0.3 cat && exit 13\n\
         [ \"$(pwd)\" = \"$HOME\" ] || exit 14\n\
         echo key",
    );
    for name in CHECKS {
        report.assert(name, "ok", &[]);
    }
    report.assert_only(&["helper-copy", "client-ttl"]);
}

#[test]
fn doctor_reports_an_api_key_helper_that_fails() {
    let report = foreign("echo the password is hunter2 >&2; echo key; exit 3");
    report.assert("helper-run", "error", &["exit status: 3", "is not shown", "by hand"]);
    report.assert_absent("helper-output");
    // Our own helper may show the reason.
    let setup = Setup::with_script("exit 77");
    setup.examine().assert("helper-run", "error", &["exit status: 4", "exit code 77"]);
}

#[test]
fn doctor_reports_an_api_key_helper_that_prints_no_key() {
    foreign("echo key; echo key").assert("helper-output", "error", &["8 bytes", "4"]);
    foreign(":").assert("helper-output", "error", &["0 bytes"]);
    foreign("printf 'k\\377'").assert("helper-output", "error", &["from byte 2 on"]);
}

#[test]
fn doctor_warns_of_an_api_key_helper_that_writes_to_stderr() {
    foreign("echo busy >&2; echo key").assert("helper-run", "warning", &["nobody sees"]);
    // A stale key comes with a warning.
    let setup = Setup::with_script("[ $run = 1 ] || exit 75; echo key");
    setup.examine().assert_well();
    setup.home.state().age("main", std::time::Duration::from_secs(50 * 60));
    let report = setup.examine();
    report.assert("source-answers", "error", &[]);
    report.assert("helper-output", "ok", &[]);
}

#[test]
fn doctor_warns_of_an_api_key_helper_that_keeps_stdout_open() {
    let setup = Setup::new();
    let breakpoint = setup.home.breakpoint();
    let wait = breakpoint.command();
    let script = setup.home.script("foreign", &format!("( {wait} ) &\necho key"));
    setup.tell(&script.display().to_string(), &json!({}));
    let report = setup.examine();
    report.assert("helper-stdout", "warning", &["keeps its stdout open", "/dev/null"]);
    report.assert("helper-output", "ok", &["4 bytes"]);
}

#[test]
fn doctor_runs_no_project_api_key_helper_before_the_folder_is_trusted() {
    let setup = Setup::new();
    let script = setup.home.script("theirs", "echo key");
    let folder = setup.home.path().join("checkout");
    let call = setup.call().folder(&folder);
    let helper = json!({ "apiKeyHelper": format!("exec {}", script.display()) });
    let variables = json!({ "env": { "LD_PRELOAD": "./evil.so" } });
    for settings in [helper, variables] {
        setup.home.write("checkout/.claude/settings.json", settings.to_string());
        let report = Report::of(&call);
        report.assert("helper-run", "warning", &["came with the folder", "--trust-folder"]);
        report.assert_absent("helper-output");
        assert_eq!(setup.home.runs("theirs"), 0);
    }
    let helper = json!({ "apiKeyHelper": format!("exec {}", script.display()) });
    setup.home.write("checkout/.claude/settings.json", helper.to_string());
    Report::of(&call.clone().arg("--trust-folder")).assert("helper-output", "ok", &[]);
    assert_eq!(setup.home.runs("theirs"), 1);
    // The value that `apply` writes does not decide.
    let ttl = json!({ "CLAUDE_CODE_API_KEY_HELPER_TTL_MS": "600000" });
    let ours = json!({ "apiKeyHelper": setup.line(), "env": ttl });
    setup.home.write("checkout/.claude/settings.json", ours.to_string());
    Report::of(&call).assert("helper-output", "ok", &[]);
}

/// Repeated runs of `doctor` are not a client with a refused key.
#[test]
fn doctor_runs_do_not_count_as_rejected_keys() {
    let setup = Setup::with_script(KEYS);
    for run in 1..=4 {
        assert_eq!(agents(setup.call()).run().code, Some(0));
        assert_eq!(setup.home.runs("main"), run);
    }
    let log = setup.home.state().log();
    assert!(log.iter().all(|line| line["outcome"] == "refreshed"), "{log:?}");
    assert!(fs::exists(setup.home.state().path()).unwrap());
}
