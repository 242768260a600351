//! `status` of sources that use others, and of several.

use integration_tests::home::Home;
use serde_json::{Value, json};

use crate::user::{PRINTS, TRADES, pair};

fn status(home: &Home) -> Value {
    let answer = home.call(["status", "--json"]).run();
    serde_json::from_str(answer.assert_printed()).unwrap()
}

#[test]
fn status_shows_inner_sources_below_the_outer_one() {
    let home = pair("", TRADES, PRINTS);
    let before = status(&home);
    let inner = &before["sources"][0]["uses"][0];
    assert_eq!((&inner["name"], &inner["key"]), (&json!("inner"), &json!("none")));
    assert_eq!((&inner["refresh"], &inner["uses"]), (&json!("when-used"), &json!([])));

    home.helper().run().assert_key("outer-1-of-inner-1");
    let after = status(&home);
    let inner = &after["sources"][0]["uses"][0];
    assert_eq!((&inner["key"], &inner["due_until"]), (&json!("fresh"), &inner["fresh_until"]));

    let text = home.call(["status"]).run();
    let text = text.assert_printed();
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| *line == "  uses     inner (script)").unwrap();
    assert!(lines[at - 2].starts_with("  key      fresh"), "{text}");
    assert!(lines[at + 1].starts_with("    key      fresh"), "{text}");
    assert!(lines[at + 2].starts_with("    refresh  in 5"), "{text}");
    assert!(lines[at + 2].ends_with("at the earliest, when it is used"), "{text}");
}

#[test]
fn status_shows_a_shared_inner_source_once() {
    let home = pair("", TRADES, PRINTS);
    let text = std::fs::read_to_string(home.config_file()).unwrap();
    let other = home.script("other", TRADES).display().to_string();
    home.configure(&format!(
        "{}[source.other]\nbackend = \"script\"\ncommand = [\"{other}\"]\n\
         stdin = {{ source = \"inner\" }}\n",
        text.replace("[\"outer\"]", "[\"outer\", \"other\"]")
    ));
    let text = home.call(["status"]).run();
    let text = text.assert_printed();
    assert_eq!(text.matches("  uses     inner (script)\n").count(), 1, "{text}");
    assert_eq!(text.matches("  uses     inner, see above\n").count(), 1, "{text}");
}

#[test]
fn status_shows_the_cooldown_of_an_inner_source() {
    let home = pair("retries = 0", TRADES, "exit 75");
    home.helper().run().assert_error(1, &["source `inner`"]);
    let status = status(&home);
    let inner = &status["sources"][0]["uses"][0];
    assert_eq!(
        (&inner["refresh"], &inner["failure"]["pauses"]),
        (&json!("after-pause"), &json!(true))
    );
    assert_eq!(status["next_call"], json!({ "does": "fails", "source": "outer", "reason": null }));
}
