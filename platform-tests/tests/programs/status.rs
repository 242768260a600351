//! `status`.

use std::time::Duration;

use platform_tests::home::{Home, KEYS};
use serde_json::{Value, json};

fn status(home: &Home) -> Value {
    serde_json::from_str(home.call(["status", "--json"]).run().assert_printed()).unwrap()
}

#[test]
fn status_json_shows_configuration_state_folder_and_key() {
    let home = Home::with_settings("retries = 0", "", &format!("2+: exit 75\n{KEYS}"));
    let before = status(&home);
    assert_eq!(before["configuration"], json!([home.config_file()]));
    assert_eq!(before["state_folder"], json!(home.state().path()));
    assert_eq!(before["sources"][0]["key"], "none");
    assert_eq!(home.runs("main"), 0);

    home.helper().run().assert_key("key-1");
    assert_eq!(status(&home)["sources"][0]["key"], "fresh");
    home.state().age("main", Duration::from_secs(7_200));
    home.helper().run().assert_warned("key-1", &["exit code 75"]);
    let source = status(&home)["sources"][0].clone();
    assert_eq!(source["key"], "stale");
    assert!(source["failure"].is_object(), "{source:#}");
}

#[test]
fn status_text_shows_source_and_freshness() {
    let home = Home::with_source(KEYS);
    home.helper().run().assert_key("key-1");
    let answer = home.call(["status"]).run();
    let shown = answer.assert_printed();
    assert!(shown.contains("main") && shown.contains("fresh"), "{shown}");
    assert!(!shown.contains("key-1"), "{shown}");
}
