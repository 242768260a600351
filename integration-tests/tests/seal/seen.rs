//! The visible state of the encryption.

use integration_tests::call::Call;
use serde_json::Value;

/// Returns the current key store with the reason, from `status`.
#[track_caller]
pub(crate) fn home_in_use(call: &Call) -> (String, String) {
    let answer = call.clone().args(["status", "--json"]).run();
    let status: Value = serde_json::from_str(answer.assert_printed()).expect("JSON");
    let text = |name: &str| status["seal"][name].as_str().expect("a text").to_owned();
    (text("home"), text("reason"))
}
