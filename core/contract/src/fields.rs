//! The fields of a JSON object that another program wrote.
//!
//! Each field is read by itself, when it is used. A type that `serde` derives is read whole or not
//! at all: one field of an unexpected type, or a name that is written twice, would cost the rest of
//! the answer, and with it a refresh token that exists nowhere else.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::{Expiry, Secret, text};

/// The fields of a JSON object, which stay in its text until they are read: no secret is copied
/// that no caller asks for. `null` is no value. Of a name that is written twice, the last value
/// counts.
#[derive(Default)]
pub struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    /// The object that `json` is, with or without a byte order mark; `None` where it is none.
    #[must_use]
    pub fn parse(json: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(text::unmarked(json).ok()?).ok().map(Self)
    }

    /// The same of a value that stands inside another one.
    #[must_use]
    pub fn of(value: &'a RawValue) -> Option<Self> {
        Self::parse(value.get().as_bytes())
    }

    /// The field's value as it is written.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied().filter(|value| value.get() != "null")
    }

    /// The names of all fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The names of the fields that have a value, and their values as they are written.
    pub fn values(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.keys().filter_map(|name| Some((name.as_str(), self.value(name)?)))
    }

    /// Returns whether the field is there, whatever its value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text; a number stands for its digits. An empty text is none.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        text_of(self.value(name)?.get()).map(into_string).filter(|text| !text.is_empty())
    }

    /// A text, for which no number stands. An empty one is none.
    #[must_use]
    pub fn string(&self, name: &str) -> Option<String> {
        let text = serde_json::from_str(self.value(name)?.get()).ok();
        text.filter(|text: &String| !text.is_empty())
    }

    /// The same of a text that is a secret.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.string(name).map(Secret::new)
    }

    /// A list of texts; a text alone is a list of one. What is no text in the list, or an empty
    /// one, is left out.
    #[must_use]
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let texts: Vec<_> = match self.list(name) {
            Some(items) => items.into_iter().filter_map(|item| text_of(item.get())).collect(),
            None => vec![text_of(self.value(name)?.get())?],
        };
        Some(texts.into_iter().map(into_string).filter(|text| !text.is_empty()).collect())
    }

    /// Words, as a list of texts or as one text with white space between them.
    #[must_use]
    pub fn words(&self, name: &str) -> Option<Vec<String>> {
        let texts = self.texts(name)?;
        Some(texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect())
    }

    /// A number, which may be written as a text.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        let number: f64 = self.text(name)?.trim().parse().ok()?;
        number.is_finite().then_some(number)
    }

    /// An expiry, of which it is known only when it is used whether it can be read.
    #[must_use]
    pub fn expiry(&self, name: &str) -> Option<Expiry> {
        Expiry::of_json(self.value(name)?.get())
    }

    /// A number of seconds that a duration can be.
    #[must_use]
    pub fn seconds(&self, name: &str) -> Option<Duration> {
        Duration::try_from_secs_f64(self.number(name)?).ok()
    }

    /// Yes or no, which may be written as a text.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.value(name)?.get() {
            "true" | "\"true\"" => Some(true),
            "false" | "\"false\"" => Some(false),
            _ => None,
        }
    }

    /// The fields of an object.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<Self> {
        Self::of(self.value(name)?)
    }

    /// The values of a list.
    #[must_use]
    pub fn list(&self, name: &str) -> Option<Vec<&'a RawValue>> {
        serde_json::from_str(self.value(name)?.get()).ok()
    }
}

/// The text of a JSON value; a number stands for its digits.
pub(crate) fn text_of(json: &str) -> Option<Zeroizing<String>> {
    match serde_json::from_str(json) {
        Ok(text) => Some(Zeroizing::new(text)),
        Err(_) => json.parse::<f64>().is_ok().then(|| Zeroizing::new(json.to_owned())),
    }
}

/// The text of a field that is no secret.
fn into_string(mut text: Zeroizing<String>) -> String {
    std::mem::take(&mut text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Fields<'_> {
        Fields::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn json_field_of_any_type_costs_no_other_field() {
        for odd in ["null", "5", "-1e300", "\"x\"", "[]", "[[{}]]", "{\"a\":[]}", "true"] {
            let json = format!(r#"{{"odd":{odd},"odd":{odd},"token":"t"}}"#);
            assert_eq!(fields(&json).text("token").as_deref(), Some("t"), "{odd}");
        }
    }

    #[test]
    fn json_text_may_be_a_number() {
        let json =
            r#"{"text":"a","long":12345678901234567890123,"empty":"","no":null,"list":["a"]}"#;
        let text = |name| fields(json).text(name);
        assert_eq!(text("text").as_deref(), Some("a"));
        assert_eq!(text("long").as_deref(), Some("12345678901234567890123"));
        for none in ["empty", "no", "list", "missing"] {
            assert_eq!(text(none), None, "{none}");
        }
        assert_eq!(fields(json).secret("text"), Some(Secret::from("a")));
        assert_eq!(fields(json).secret("long"), None);
    }

    #[test]
    fn json_list_may_be_a_text() {
        let json = r#"{"list":["a b","c",null,{"d":1},5],"text":"a b","no":{"a":1},"empty":[]}"#;
        let fields = fields(json);
        assert_eq!(fields.texts("list").unwrap(), ["a b", "c", "5"]);
        assert_eq!(fields.words("list").unwrap(), ["a", "b", "c", "5"]);
        assert_eq!(fields.texts("text").unwrap(), ["a b"]);
        assert_eq!(fields.words("text").unwrap(), ["a", "b"]);
        assert_eq!(fields.words("empty"), Some(Vec::new()));
        assert_eq!(fields.words("no"), None);
    }

    #[test]
    fn json_number_may_be_a_text() {
        let seconds = |value: &str| fields(&format!(r#"{{"life":{value}}}"#)).seconds("life");
        for hour in ["3600", "\"3600\"", "3600.0", "\" 3600 \"", "3.6e3"] {
            assert_eq!(seconds(hour), Some(Duration::from_secs(3_600)), "{hour}");
        }
        for unknown in ["null", "-1", "1e300", "\"inf\"", "\"NaN\"", "\"soon\"", "{}", "true", "[]"]
        {
            assert_eq!(seconds(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn json_flag_is_true_or_false_only() {
        let flag = |value: &str| fields(&format!(r#"{{"flag":{value}}}"#)).flag("flag");
        assert_eq!([flag("true"), flag("\"true\"")], [Some(true); 2]);
        assert_eq!([flag("false"), flag("\"false\"")], [Some(false); 2]);
        for other in ["null", "1", "\"yes\"", "[true]"] {
            assert_eq!(flag(other), None, "{other}");
        }
    }

    #[test]
    fn json_with_byte_order_mark_is_read() {
        assert_eq!(fields("\u{feff}{\"a\":\"b\"}").text("a").as_deref(), Some("b"));
        for other in ["", "\u{feff}", "[]", "\"a\"", "{", "null", "{} {}"] {
            assert!(Fields::parse(other.as_bytes()).is_none(), "{other}");
        }
    }
}
