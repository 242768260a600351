//! The two values that make Claude Code use a helper.

use serde_json::Value;

use super::settings::{ENV, HELPER, Settings, TTL_VARIABLE};
use crate::slots::{Helper, Slots};
use crate::syntax::Syntax;

/// The values to put into a settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The shell line that prints the key.
    pub helper: String,
    /// The time in milliseconds for which Claude Code uses a key.
    pub ttl: u64,
}

impl Change {
    /// Returns the values in the form that [`slots`] takes.
    #[must_use]
    pub fn values(&self) -> Vec<Value> {
        // Environment variables are strings.
        vec![self.helper.as_str().into(), self.ttl.to_string().into()]
    }
}

/// Returns the places of the two values in each of Claude Code's settings files.
#[must_use]
pub fn slots() -> Slots {
    let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Slots {
        syntax: Syntax::Json,
        paths: vec![path(&[HELPER]), path(&[ENV, TTL_VARIABLE])],
        helper: Helper::Line,
        of: String::new(),
        check: |_, text| Settings::parse(text.as_bytes()).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Malformed, edit};

    fn put_into(change: &Change, bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
        slots().put(bytes, &change.values())
    }

    fn change() -> Change {
        Change { helper: "exec '/b/api-key-helper'".to_owned(), ttl: 300_000 }
    }

    fn put(before: &str) -> String {
        String::from_utf8(put_into(&change(), before.as_bytes()).unwrap()).unwrap()
    }

    fn back(now: &str, before: Option<&str>) -> Option<String> {
        let back = slots().take_back(now.as_bytes(), before.map(str::as_bytes)).unwrap();
        back.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    const FILES: [&str; 9] = [
        "",
        "{}",
        "\u{feff}{}\n",
        "{ }\r\n",
        "{\"apiKeyHelper\": \"old\", \"env\": {\"A\": \"1\"}}",
        "{\n\t\"model\": \"opus\",\n\t\"env\": { }\n}",
        "{\r\n  \"env\": {\r\n    \"CLAUDE_CODE_API_KEY_HELPER_TTL_MS\": 5\r\n  }\r\n}",
        "{\"apiKeyHelper\":\"\",\"env\":{\"CLAUDE_CODE_API_KEY_HELPER_TTL_MS\":300000}}",
        " {\"a\":1,\"a\":2.0}  ",
    ];

    #[test]
    fn claude_code_settings_made_by_apply_have_its_layout() {
        let text = "{\n  \"apiKeyHelper\": \"exec '/b/api-key-helper'\",\n  \"env\": {\n    \
                    \"CLAUDE_CODE_API_KEY_HELPER_TTL_MS\": \"300000\"\n  }\n}\n";
        assert_eq!(put(""), text);
        assert_eq!(back(text, None), None);
    }

    #[test]
    fn claude_code_settings_roundtrip_through_apply_and_undo() {
        for before in FILES {
            let now = put(before);
            let settings = Settings::parse(now.as_bytes()).unwrap();
            assert_eq!(settings.helper().unwrap().value, change().helper);
            assert_eq!(settings.env[TTL_VARIABLE].value, "300000");
            assert_eq!(put(&now), now, "{before:?}");
            assert_eq!(back(&now, Some(before)).as_deref(), Some(before));
            // Other values, as for a second profile.
            let other = Change { helper: "exec '/c/api-key-helper'".to_owned(), ttl: 1 };
            let now = String::from_utf8(put_into(&other, now.as_bytes()).unwrap()).unwrap();
            assert_eq!(back(&now, Some(before)).as_deref(), Some(before));
        }
    }

    #[test]
    fn claude_code_settings_changed_since_apply_survive_undo() {
        let rows = [
            ("{}", "\"theme\": \"dark\"", "{\n  \"theme\": \"dark\"\n}"),
            ("{\"env\": {}}", "\"theme\": \"dark\"", "{\"theme\": \"dark\", \"env\": {}}"),
            (
                "{\"apiKeyHelper\": \"old\"}",
                "\"theme\": \"dark\"",
                "{\"theme\": \"dark\", \"apiKeyHelper\": \"old\"}",
            ),
        ];
        for (before, theirs, expected) in rows {
            let now = edit::set(&put(before), &["theme"], "\"dark\"").unwrap();
            let back = back(&now, Some(before)).unwrap();
            assert!(back.contains(theirs), "{back}");
            let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(json(&back), json(expected), "{before:?}");
        }
    }

    #[test]
    fn undo_removes_claude_code_settings_that_apply_made_and_are_empty() {
        let now = put("").replace('\n', "");
        assert_eq!(back(&now, None), None);
        let theirs = edit::set(&now, &["env", "A"], "\"1\"").unwrap();
        assert_eq!(back(&theirs, None).as_deref(), Some("{  \"env\": {    \"A\": \"1\"  }}"));
    }

    #[test]
    fn invalid_claude_code_settings_are_refused() {
        for text in ["{", "{\"env\": []}", "{\"apiKeyHelper\": 5}"] {
            assert!(put_into(&change(), text.as_bytes()).is_err(), "{text}");
        }
    }
}
