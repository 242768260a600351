use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;

const PATH: &[&str] = &["env", "X"];

#[test]
fn json_value_added_follows_the_layout() {
    let rows = [
        ("", "{\n  \"env\": {\n    \"X\": 1\n  }\n}\n"),
        ("\r\n", "{\r\n  \"env\": {\r\n    \"X\": 1\r\n  }\r\n}\r\n"),
        ("{}", "{\n  \"env\": {\n    \"X\": 1\n  }\n}"),
        ("{\"a\":2}", "{\"a\":2,\"env\":{\"X\":1}}"),
        ("{ \"a\": 2 }\n", "{ \"a\": 2, \"env\": {\"X\": 1} }\n"),
        ("{\n\t\"a\": 2\n}", "{\n\t\"a\": 2,\n\t\"env\": {\n\t\t\"X\": 1\n\t}\n}"),
        ("{\r\n \"a\" : 2 }", "{\r\n \"a\" : 2,\r\n \"env\" : {\r\n  \"X\" : 1\r\n } }"),
        (
            "{\n    \"env\": {\n        \"A\": 2\n    },\n\n    \"b\": 3\n}",
            "{\n    \"env\": {\n        \"A\": 2,\n        \"X\": 1\n    },\n\n    \"b\": 3\n}",
        ),
        ("{\n  \"env\": {}\n}", "{\n  \"env\": {\n    \"X\": 1\n  }\n}"),
        ("{\n  \"env\": { \"A\": 2 }\n}", "{\n  \"env\": { \"A\": 2, \"X\": 1 }\n}"),
        (
            "{\"env\": {\"X\": [2]}, \"env\": {\"X\":\n3 }}",
            "{\"env\": {\"X\": [2]}, \"env\": {\"X\":\n1 }}",
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(set(text, PATH, "1").unwrap(), expected, "{text:?}");
    }
}

#[test]
fn json_value_removed_takes_its_comma() {
    let rows = [
        ("{\"env\": {\"X\": 1}}", "{\"env\": {}}"),
        ("{\"env\": {\"X\": 1, \"A\": 2}}", "{\"env\": {\"A\": 2}}"),
        ("{\"env\": {\n\"A\": 2,\n\"X\": 1,\n\"B\": 3\n}}", "{\"env\": {\n\"A\": 2,\n\"B\": 3\n}}"),
        ("{\"env\": {\"A\": 2}}", "{\"env\": {\"A\": 2}}"),
        ("{}", "{}"),
        ("", ""),
    ];
    for (text, expected) in rows {
        assert_eq!(remove(text, PATH).unwrap(), expected, "{text:?}");
    }
}

#[test]
fn json_value_in_a_non_object_is_refused() {
    let error = set("{\n\"env\": [\"sk-1\"]}", PATH, "1").unwrap_err();
    assert_eq!(error.to_string(), "line 2, column 8: `env` is not an object");
}

/// White space of each kind.
fn blank() -> impl Strategy<Value = String> {
    "[ \t]{0,2}(\r?\n[ \t]{0,4})?"
}

/// Values in spellings that no JSON writer would produce.
fn value() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        Just("1.50e+3".to_owned()),
        Just("-0".to_owned()),
        Just("null".to_owned()),
        Just("\"\\u00fc\\/ \u{fc}\"".to_owned()),
        Just("\"{,}: \\\"\"".to_owned()),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let list = prop::collection::vec((blank(), inner.clone(), blank()), 0..4);
        let list = list.prop_map(|all| {
            let all = all.into_iter().map(|(before, value, after)| before + &value + &after);
            format!("[{}]", all.collect::<Vec<_>>().join(","))
        });
        prop_oneof![list, object_of(inner)]
    })
    .boxed()
}

fn object_of(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let name = prop_oneof![Just("a"), Just("env"), Just("X"), Just("\\u0058"), Just("\u{fc}")];
    let property = (blank(), name, blank(), blank(), value, blank());
    let property = property.prop_map(|(before, name, end, gap, value, after)| {
        format!("{before}\"{name}\"{end}:{gap}{value}{after}")
    });
    (prop::collection::vec(property, 0..5), blank()).prop_map(|(all, inside)| {
        if all.is_empty() { format!("{{{inside}}}") } else { format!("{{{}}}", all.join(",")) }
    })
}

proptest! {
    #[test]
    fn json_edit_keeps_all_other_bytes(text in (blank(), object_of(value()), blank())) {
        let text = text.0 + &text.1 + &text.2;
        for path in [&["X"][..], PATH] {
            let Ok(before) = literal(&text, path) else { continue };
            let changed = set(&text, path, "\"new\"").unwrap();
            prop_assert_eq!(literal(&changed, path).unwrap(), Some("\"new\""));
            match before {
                Some(before) => prop_assert_eq!(&set(&changed, path, before).unwrap(), &text),
                // The white space in an empty object may go.
                None => prop_assert!(replaced(&text, &changed).trim().is_empty()),
            }
            let mut wanted: Json = serde_json::from_str(&text).unwrap();
            put(&mut wanted, path);
            prop_assert_eq!(serde_json::from_str::<Json>(&changed).unwrap(), wanted);
        }
    }
}

/// Returns the part of `text` that is missing in `changed`, which differs in one place.
fn replaced<'a>(text: &'a str, changed: &str) -> &'a str {
    let start = text.bytes().zip(changed.bytes()).take_while(|(a, b)| a == b).count();
    let rest = text[start..].bytes().rev().zip(changed[start..].bytes().rev());
    &text[start..text.len() - rest.take_while(|(a, b)| a == b).count()]
}

fn put(json: &mut Json, path: &[&str]) {
    match path {
        [] => *json = "new".into(),
        [name, rest @ ..] => {
            let inner = json
                .as_object_mut()
                .unwrap()
                .entry(*name)
                .or_insert_with(|| Json::Object(Default::default()));
            put(inner, rest);
        }
    }
}
