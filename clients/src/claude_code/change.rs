//! The two values that make Claude Code use a helper, put in and taken back.

use super::{ENV, HELPER, Settings, TTL_VARIABLE};
use crate::json::{self, Malformed, edit};

/// What is put into a settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The shell line that prints the key.
    pub helper: String,
    /// How many milliseconds Claude Code goes on using a key.
    pub ttl: u64,
}

impl Change {
    /// The content of a settings file with these two values in it: `bytes` themselves where they
    /// are there already, and otherwise all else as it was, byte for byte. An empty file is none.
    ///
    /// # Errors
    /// When Claude Code would refuse the file.
    pub fn put_into(&self, bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
        put(bytes, [Some(&self.helper), Some(&self.ttl.to_string())])
    }
}

/// The content of a settings file without what was put into it: `before`, byte for byte, unless `now`
/// has been changed since. Then only the two values are as they were before. `None` where there was
/// no file `before`, and nothing is left that somebody else has written.
///
/// # Errors
/// When Claude Code would refuse one of the files.
pub fn take_back(now: &[u8], before: Option<&[u8]>) -> Result<Option<Vec<u8>>, Malformed> {
    let settings = Settings::parse(now)?;
    let left = [settings.helper(), settings.ttl()].map(|found| found.map(|found| &*found.value));
    if put(before.unwrap_or_default(), left)? == now {
        return Ok(before.map(<[u8]>::to_vec));
    }
    let (mark, text) = json::text(now)?;
    let (_, old) = json::text(before.unwrap_or_default())?;
    let mut text = text.to_owned();
    for path in PATHS {
        text = match edit::literal(old, path)? {
            Some(literal) => edit::set(&text, path, literal)?,
            None => edit::remove(&text, path)?,
        };
    }
    let is_empty = |block: &str| block.trim_matches(['{', '}']).trim().is_empty();
    if edit::literal(old, &[ENV])?.is_none() && edit::literal(&text, &[ENV])?.is_some_and(is_empty)
    {
        text = edit::remove(&text, &[ENV])?;
    }
    let is_left = before.is_some() || !is_empty(text.trim());
    Ok(is_left.then(|| [mark, &text].concat().into_bytes()))
}

/// Puts in what is not there with the same meaning.
fn put(bytes: &[u8], values: [Option<&str>; 2]) -> Result<Vec<u8>, Malformed> {
    let settings = Settings::parse(bytes)?;
    let there = [settings.helper(), settings.ttl()];
    let (mark, text) = json::text(bytes)?;
    let mut text = text.to_owned();
    for ((path, value), there) in PATHS.into_iter().zip(values).zip(there) {
        if let Some(value) = value.filter(|value| there.is_none_or(|there| there.value != **value))
        {
            text = edit::set(&text, path, &serde_json::Value::from(value).to_string())?;
        }
    }
    Ok([mark, &text].concat().into_bytes())
}

const PATHS: [&[&str]; 2] = [&[HELPER], &[ENV, TTL_VARIABLE]];

#[cfg(test)]
mod tests {
    use super::*;

    fn change() -> Change {
        Change { helper: "exec '/b/api-key-helper'".to_owned(), ttl: 300_000 }
    }

    fn put(before: &str) -> String {
        String::from_utf8(change().put_into(before.as_bytes()).unwrap()).unwrap()
    }

    fn back(now: &str, before: Option<&str>) -> Option<String> {
        let back = take_back(now.as_bytes(), before.map(str::as_bytes)).unwrap();
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
    fn a_new_file_is_written_as_claude_code_writes_it() {
        let text = "{\n  \"apiKeyHelper\": \"exec '/b/api-key-helper'\",\n  \"env\": {\n    \
                    \"CLAUDE_CODE_API_KEY_HELPER_TTL_MS\": \"300000\"\n  }\n}\n";
        assert_eq!(put(""), text);
        assert_eq!(back(text, None), None);
    }

    #[test]
    fn what_is_put_in_comes_out_again() {
        for before in FILES {
            let now = put(before);
            let settings = Settings::parse(now.as_bytes()).unwrap();
            assert_eq!(settings.helper().unwrap().value, change().helper);
            assert_eq!(settings.env[TTL_VARIABLE].value, "300000");
            assert_eq!(put(&now), now, "{before:?}");
            assert_eq!(back(&now, Some(before)).as_deref(), Some(before));
            // With other values, as a second profile's are.
            let other = Change { helper: "exec '/c/api-key-helper'".to_owned(), ttl: 1 };
            let now = String::from_utf8(other.put_into(now.as_bytes()).unwrap()).unwrap();
            assert_eq!(back(&now, Some(before)).as_deref(), Some(before));
        }
    }

    #[test]
    fn what_others_changed_since_stays() {
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
            let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            assert_eq!(json(&back), json(expected), "{before:?}");
        }
    }

    #[test]
    fn a_file_of_ours_goes_when_nothing_is_left_in_it() {
        let now = put("").replace('\n', "");
        assert_eq!(back(&now, None), None);
        let theirs = edit::set(&now, &["env", "A"], "\"1\"").unwrap();
        assert_eq!(back(&theirs, None).as_deref(), Some("{  \"env\": {    \"A\": \"1\"  }}"));
    }

    #[test]
    fn a_file_that_claude_code_refuses_is_refused() {
        for text in ["{", "{\"env\": []}", "{\"apiKeyHelper\": 5}"] {
            assert!(change().put_into(text.as_bytes()).is_err(), "{text}");
        }
    }
}
