//! Whether sources give keys.

use integration_tests::home::{Home, KEYS};

use crate::patient::Patient;

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
    let report = patient.examine();
    report.assert("last-refreshes", "warning", &["failed 1 time in a row", "down", "log`"]);
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
