//! `doctor`.

use platform_tests::call::Call;
use platform_tests::home::{Home, KEYS};
use serde_json::Value;

fn examine(call: &Call) -> Vec<Value> {
    let answer = call.run();
    let report: Value =
        serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    report["findings"].as_array().unwrap_or_else(|| panic!("{answer:?}")).clone()
}

#[track_caller]
fn finding<'a>(checks: &'a [Value], name: &str) -> &'a Value {
    let found = checks.iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check `{name}`: {checks:#?}"))
}

#[test]
fn doctor_finds_no_error_in_a_working_setup() {
    let home = Home::with_settings("", "lifetime = \"48h\"", KEYS);
    let _ = home.call(["apply"]).run().assert_printed();
    let checks = examine(&home.call(["doctor", "--json"]));
    let errors: Vec<&Value> = checks.iter().filter(|check| check["level"] == "error").collect();
    assert!(errors.is_empty(), "{errors:#?}");
    for name in ["configuration-file", "source-answers", "front", "worker", "helper-run"] {
        assert_eq!(finding(&checks, name)["level"], "ok", "{checks:#?}");
    }
}

#[test]
fn doctor_reports_a_failing_source() {
    let home = Home::with_settings("retries = 0", "", "say no network\nexit 75");
    let checks = examine(&home.call(["doctor", "--json"]));
    let answers = finding(&checks, "source-answers");
    assert_eq!(answers["level"], "error", "{checks:#?}");
    assert!(answers.to_string().contains("no network"), "{answers:#}");
}
