//! What these tests look at.

use integration_tests::home::Home;
use serde_json::Value;

/// The home that is in use, and why, by `status`.
#[track_caller]
pub(crate) fn home_in_use(call: &integration_tests::call::Call) -> (String, String) {
    let answer = call.clone().args(["status", "--json"]).run();
    let status: Value = serde_json::from_str(answer.assert_printed()).expect("JSON");
    let text = |name: &str| status["seal"][name].as_str().expect("a text").to_owned();
    (text("home"), text("reason"))
}

/// The labels in the names of all entries, in order.
pub(crate) fn labels(home: &Home) -> Vec<String> {
    let label = |name: String| {
        let (stem, _) = name.split_once(".v").expect("a version");
        stem.rsplit_once('-').expect("a label").1.to_owned()
    };
    let mut labels: Vec<String> = home.state().files(".entry").into_iter().map(label).collect();
    labels.sort();
    labels
}
