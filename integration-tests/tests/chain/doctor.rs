//! `doctor` of sources that use others.

use integration_tests::home::Home;
use serde_json::Value;

use crate::user::{PRINTS, TRADES, pair};

/// Returns the findings of `check`, as `level source: text`.
fn findings(home: &Home, check: &str) -> Vec<String> {
    let answer = home.call(["doctor", "--json"]).run();
    let document: Value = serde_json::from_str(&answer.stdout).unwrap();
    let text = |found: &Value, name: &str| found[name].as_str().unwrap_or_default().to_owned();
    let all = document["findings"].as_array().unwrap().iter();
    all.filter(|found| found["name"] == check)
        .map(|found| {
            let [level, source, text] = ["level", "source", "text"].map(|name| text(found, name));
            format!("{level} {source}: {text}")
        })
        .collect()
}

#[test]
fn doctor_fetches_each_chained_source_once_inner_first() {
    let home = pair("", TRADES, PRINTS);
    let answers = findings(&home, "source-answers");
    assert!(answers[0].starts_with("ok inner: `inner` gave a key in "), "{answers:?}");
    assert!(answers[1].starts_with("ok outer: `outer` gave a key in "), "{answers:?}");
    assert_eq!((home.runs("outer"), home.runs("inner")), (1, 1));
    let settings = findings(&home, "configuration-settings");
    assert_eq!(settings, ["ok : profile `main` has `outer` (which uses `inner`)"]);
    assert_eq!(findings(&home, "cached-entries").len(), 2);
}

#[test]
fn doctor_reports_the_failing_inner_source() {
    let home = pair("retries = 0", TRADES, "exit 78");
    let answers = findings(&home, "source-answers");
    assert_eq!(answers.len(), 2);
    assert!(answers[0].starts_with("error inner: `inner` gave no key"), "{answers:?}");
    let follows = "error outer: `outer` was not asked: it uses `inner`, which gave no key";
    assert_eq!(answers[1], follows);
    assert_eq!(home.runs("outer"), 0);
}

#[test]
fn doctor_reports_invalid_settings_of_the_inner_source() {
    let home = pair("", TRADES, PRINTS);
    let text = std::fs::read_to_string(home.config_file()).unwrap();
    home.configure(&text.replace("[source.inner]\n", "[source.inner]\noutput = \"xml\"\n"));
    home.helper().run().assert_error(2, &["`source.inner.output`"]);
    let settings = findings(&home, "source-settings");
    assert!(
        settings[0].starts_with("error inner: ") && settings[0].contains("output"),
        "{settings:?}"
    );
    assert_eq!(settings[1], "error outer: source `outer` uses `inner`, whose settings are wrong");
}
