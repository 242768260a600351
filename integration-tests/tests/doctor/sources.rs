//! Whether sources give keys.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use integration_tests::home::{Home, KEYS, configuration};

use crate::patient::{Patient, Report};

/// One with two sources, `first` and `second`.
fn with_two(first: &str, second: &str) -> Patient {
    let home = Home::new();
    let source = |name: &str, body: &str| {
        let script = home.script(name, body);
        format!("[source.{name}]\nbackend = \"script\"\ncommand = [\"{}\"]\n", script.display())
    };
    let sources = source("first", first) + &source("second", second);
    home.configure(&format!(
        "[profile.main]\nsources = [\"first\", \"second\"]\nretries = 0\n{sources}"
    ));
    Patient::of(home)
}

#[test]
fn each_source_is_asked_once() {
    let patient = with_two(KEYS, "echo other-key");
    let report = patient.examine();
    report.assert_well();
    // The helper itself was run too, and found a key.
    assert_eq!((patient.home.runs("first"), patient.home.runs("second")), (1, 1));
    patient.home.helper().run().assert_key("key-1");
    let log = patient.home.state().log();
    assert_eq!(log.len(), 2);
}

#[test]
fn a_source_that_fails_is_no_source_though_it_has_an_old_key() {
    let patient = Patient::with_script("[ $run = 1 ] || { echo down >&2; exit 75; }; echo key");
    patient.examine().assert_well();
    let report = patient.examine();
    report.assert("source-answers", "error", &["`main` gave no key", "exit code 75", "down"]);
    report.assert_absent("key-printable");
    // Claude Code gets the old one.
    report.assert("helper-output", "ok", &[]);
    report.assert("last-refreshes", "ok", &["0 failures"]);
    // The same failure is no second finding.
    let report = patient.examine();
    report.assert("last-refreshes", "ok", &["failed 1 time in a row, as it does now"]);
}

#[test]
fn source_that_failed_for_another_reason_is_a_warning_beside_its_answer() {
    for now in ["echo key", "echo locked >&2; exit 75"] {
        let script = format!("[ $run = 1 ] && {{ echo down >&2; exit 75; }}; {now}");
        let home = Home::with_settings("retries = 0", "", &script);
        home.helper().run().assert_error(1, &["down"]);
        let report = Report::of(&home.call(["doctor", "--json"]));
        report.assert("last-refreshes", "warning", &["failed 1 time in a row", "down", "log`"]);
    }
}

#[test]
fn first_configuration_that_is_broken_is_one_error_and_no_warning() {
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
fn another_source_that_answers_makes_it_a_warning() {
    let report = with_two("exit 75", "echo other-key").examine();
    report.assert("source-answers", "warning", &["`first` gave no key"]);
    report.assert("source-answers", "ok", &["`second` gave a key"]);
    report.assert_only(&["source-answers"]);
}

#[test]
fn a_refusal_stops_the_profile() {
    let patient = with_two("exit 77", "echo other-key");
    let report = patient.examine();
    report.assert("source-answers", "error", &["`first` gave no key"]);
    report.assert("source-answers", "ok", &["`second` gave a key"]);
    report.assert("helper-run", "error", &["exit status: 4"]);
}

#[test]
fn an_output_that_is_no_key_is_an_error() {
    let report = Patient::with_script("echo two words").examine();
    report.assert("source-answers", "error", &["`main` gave no key"]);
    Patient::new().examine().assert("key-printable", "ok", &["5 characters"]);
}

#[test]
fn a_key_that_is_held_for_too_long() {
    let of = |hold: &str| Patient::with_settings(hold, "lifetime = \"10m\"", KEYS).examine();
    of("hold = \"4m\"").assert("key-lifetime", "ok", &["lives 10 min"]);
    of("hold = \"5m\"").assert("key-lifetime", "warning", &["set `hold` to at most"]);
    Patient::with_settings("", "", KEYS).examine().assert("key-lifetime", "ok", &["does not say"]);
}
