//! `log`.

use integration_tests::home::{Home, KEYS};
use serde_json::{Value, json};

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn log_has_a_line_for_each_refresh() {
    let home = Home::with_settings("retries = 1", "", &format!("[ $run = 2 ] || exit 75\n{KEYS}"));
    assert_eq!(home.call(["log"]).run().assert_printed(), "");
    home.helper().run().assert_key("key-2");
    home.helper().run().assert_key("key-2");
    home.call(["get", "--refresh"])
        .run()
        .assert_warned("key-2", &["using the key that `main` gave"]);

    let answer = home.call(["log", "--json"]).run();
    let lines: Vec<Value> = answer
        .assert_printed()
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert_eq!(lines, home.state().log());
    let [first, second] = &lines[..] else { panic!("{lines:?}") };
    let expected = ["attempts", "duration_ms", "key_hash", "outcome", "profile", "source", "time"];
    assert_eq!(names(first), expected);
    assert_eq!((&first["outcome"], &first["attempts"]), (&json!("refreshed"), &json!(2)));
    assert_eq!((&first["profile"], &first["source"]), (&json!("main"), &json!("main")));
    assert_eq!((&second["outcome"], &second["attempts"]), (&json!("transient"), &json!(2)));
    assert!(second["message"].as_str().unwrap().contains("exit code 75"));
    assert_eq!(second.get("key_hash"), None);

    let answer = home.call(["log"]).run();
    let text = answer.assert_printed();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("refreshed in ") && text.contains("exit code 75"), "{text}");
}

#[test]
fn log_key_hash_tells_whether_the_key_changed() {
    let home = Home::with_script("[ $run = 3 ] && echo other || echo same");
    home.helper().run().assert_key("same");
    home.call(["get", "--refresh"]).run().assert_key("same");
    home.call(["get", "--refresh"]).run().assert_key("other");
    let hashes: Vec<Value> =
        home.state().log().iter().map(|line| line["key_hash"].clone()).collect();
    assert_eq!(hashes[0], hashes[1]);
    assert_ne!(hashes[0], hashes[2]);
}
