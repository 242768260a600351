//! Findings about sources.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use integration_tests::home::{Home, KEYS, configuration};

use crate::setup::{Report, Setup};

/// Returns a setup with two sources, `first` and `second`.
fn with_two(first: &str, second: &str) -> Setup {
    let home = Home::new();
    let source = |name: &str, body: &str| {
        let script = home.script(name, body);
        format!("[source.{name}]\nbackend = \"script\"\ncommand = [\"{}\"]\n", script.display())
    };
    let sources = source("first", first) + &source("second", second);
    home.configure(&format!(
        "[profile.main]\nsources = [\"first\", \"second\"]\nretries = 0\n{sources}"
    ));
    Setup::of(home)
}

#[test]
fn doctor_fetches_each_source_once() {
    let setup = with_two(KEYS, "echo other-key");
    let report = setup.examine();
    report.assert_well();
    // The helper itself ran as well, and found a key.
    assert_eq!((setup.home.runs("first"), setup.home.runs("second")), (1, 1));
    setup.home.helper().run().assert_key("key-1");
    let log = setup.home.state().log();
    assert_eq!(log.len(), 2);
}

#[test]
fn doctor_reports_a_failing_source_despite_its_stale_key() {
    let setup = Setup::with_script("[ $run = 1 ] || { echo down >&2; exit 75; }; echo key");
    setup.examine().assert_well();
    let report = setup.examine();
    report.assert("source-answers", "error", &["`main` gave no key", "exit code 75", "down"]);
    report.assert_absent("key-printable");
    // Claude Code gets the old one.
    report.assert("helper-output", "ok", &[]);
    report.assert("last-refreshes", "ok", &["0 failures"]);
    // The same failure is not a second finding.
    let report = setup.examine();
    report.assert("last-refreshes", "ok", &["failed 1 time in a row, as it does now"]);
}

#[test]
fn doctor_warns_of_failed_refreshes_of_a_source_in_the_log() {
    for now in ["echo key", "echo locked >&2; exit 75"] {
        let script = format!("[ $run = 1 ] && {{ echo down >&2; exit 75; }}; {now}");
        let home = Home::with_settings("retries = 0", "", &script);
        home.helper().run().assert_error(1, &["down"]);
        let report = Report::of(&home.call(["doctor", "--json"]));
        report.assert("last-refreshes", "warning", &["failed 1 time in a row", "down", "log`"]);
    }
}

#[test]
fn doctor_reports_a_broken_script_as_one_error_without_warnings() {
    for (script, reason) in [("missing", "is not there"), ("main", "is not executable")] {
        let home = Home::with_script("echo key");
        home.configure(&configuration("retries = 0", "", &home.path().join(script)));
        let unexecutable = Permissions::from_mode(0o600);
        fs::set_permissions(home.path().join("main"), unexecutable).unwrap();
        home.helper().run().assert_error(2, &[reason]);
        let report = Report::of(&home.call(["doctor", "--json"]));
        report.assert("source-answers", "error", &[reason]);
        report.assert_only(&["source-answers"]);
        report.assert("helper-setting", "ok", &["`api-key-helper apply`"]);
    }
}

#[test]
fn doctor_warns_only_when_a_fallback_source_answers() {
    let report = with_two("exit 75", "echo other-key").examine();
    report.assert("source-answers", "warning", &["`first` gave no key"]);
    report.assert("source-answers", "ok", &["`second` gave a key"]);
    report.assert_only(&["source-answers"]);
}

#[test]
fn doctor_reports_a_denied_source_that_blocks_the_fallback() {
    let setup = with_two("exit 77", "echo other-key");
    let report = setup.examine();
    report.assert("source-answers", "error", &["`first` gave no key"]);
    report.assert("source-answers", "ok", &["`second` gave a key"]);
    report.assert("helper-run", "error", &["exit status: 4"]);
}

#[test]
fn doctor_reports_source_output_that_is_no_key() {
    let report = Setup::with_script("echo two words").examine();
    report.assert("source-answers", "error", &["`main` gave no key"]);
    Setup::new().examine().assert("key-printable", "ok", &["5 characters"]);
}

#[test]
fn doctor_warns_when_hold_is_too_long_for_lifetime() {
    let of = |hold: &str| Setup::with_settings(hold, "lifetime = \"10m\"", KEYS).examine();
    of("hold = \"4m\"").assert("key-lifetime", "ok", &["lives 10 min"]);
    of("hold = \"5m\"").assert("key-lifetime", "warning", &["set `hold` to at most"]);
    Setup::with_settings("", "", KEYS).examine().assert("key-lifetime", "ok", &["does not say"]);
}
