//! A key that is a JSON document: where an API wants more than one secret, they are one key.
//!
//! As a key it has no white space, and nothing that is not ASCII: both are written as JSON's
//! escapes where they are part of a text, and left out elsewhere.

use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use crate::{Expiry, Fields, Key, KeyError, text};

/// Reads a JSON document as a key.
///
/// # Errors
/// `None` where it is no JSON; the inner one where it is too long.
#[must_use]
pub fn key(json: &str) -> Option<Result<Key, KeyError>> {
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    Some(Key::parse(&compact(json)))
}

/// Reads a key that stands alone where a text is expected. What tools write there instead of a key
/// is refused: a JSON document, a word for no value, a key in quotes.
///
/// # Errors
/// As [`Key::parse`].
pub fn key_alone(text: &str) -> Result<Key, KeyError> {
    let token = text::trim(text);
    if let Some(word) = text::placeholder(token) {
        return Err(KeyError::Placeholder(word));
    }
    let is_json = || serde_json::from_str::<IgnoredAny>(token).is_ok();
    match token.as_bytes() {
        [b'{', ..] if is_json() => Err(KeyError::Document { kind: "object" }),
        [b'[', ..] if is_json() => Err(KeyError::Document { kind: "array" }),
        [b'"', ..] | [b'\'', .., b'\''] => Err(KeyError::Quoted),
        _ => Key::parse(token),
    }
}

/// A set of AWS keys.
pub struct AwsKeys {
    access_key_id: Zeroizing<String>,
    secret_access_key: Zeroizing<String>,
    session_token: Option<Zeroizing<String>>,
    expiry: Option<Expiry>,
}

impl AwsKeys {
    /// Reads a key as the answers of AWS's own programs have it, alone or inside `Credentials`; or
    /// of Vault's, in their names. Where names of one field differ, the first in our list counts.
    #[must_use]
    pub fn parse(key: &Key) -> Option<Self> {
        let outer = Fields::parse(key.expose().as_bytes())?;
        let fields = outer.object("Credentials").unwrap_or(outer);
        let text =
            |names: &[&str]| names.iter().find_map(|name| fields.string(name)).map(Zeroizing::new);
        Some(Self {
            access_key_id: text(&["AccessKeyId", "aws_access_key_id", "access_key"])?,
            secret_access_key: text(&["SecretAccessKey", "aws_secret_access_key", "secret_key"])?,
            // Vault writes the last two. `Token` is the metadata services' name.
            session_token: text(&[
                "SessionToken",
                "Token",
                "aws_session_token",
                "session_token",
                "security_token",
            ]),
            expiry: fields.expiry(Self::EXPIRY).or_else(|| fields.expiry("expiration")),
        })
    }

    /// The name of the field that has the expiry.
    pub const EXPIRY: &str = "Expiration";

    /// The access key's id.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The access key's secret.
    #[must_use]
    pub fn secret_access_key(&self) -> &str {
        &self.secret_access_key
    }

    /// The token of a session, if the keys are one's.
    #[must_use]
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_ref().map(|token| token.as_str())
    }

    /// The issuer's expiry, if the set names it.
    #[must_use]
    pub const fn expiry(&self) -> Option<Expiry> {
        self.expiry
    }
}

/// The same document without white space, in printable ASCII (RFC 8259, sections 2 and 7).
fn compact(json: &str) -> Zeroizing<String> {
    // Room enough from the start leaves no copy behind: at most, a byte becomes six.
    let mut compact = Zeroizing::new(String::with_capacity(6 * json.len()));
    let (mut in_text, mut is_escaped) = (false, false);
    for character in json.chars() {
        let stays = character.is_ascii_graphic();
        if stays {
            compact.push(character);
        } else if in_text {
            for unit in character.encode_utf16(&mut [0; 2]) {
                compact.push_str(&format!("\\u{unit:04x}"));
            }
        }
        if character == '"' && !is_escaped {
            in_text = !in_text;
        }
        is_escaped = in_text && character == '\\' && !is_escaped;
    }
    compact
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Moment;

    fn read(json: &str) -> String {
        key(json).unwrap().unwrap().expose().to_owned()
    }

    #[test]
    fn json_document_placeholder_or_quoted_text_is_no_key() {
        let read = |text: &str| key_alone(text).map(|key| key.expose().to_owned());
        assert_eq!(read("\u{feff}sk-1\r\n").as_deref(), Ok("sk-1"));
        // What only looks like JSON may be a key.
        for text in ["17", "{sk-1}", "[sk", "'sk", "null-1"] {
            assert_eq!(read(text).as_deref(), Ok(text));
        }
        for (text, error) in [
            ("\u{feff}{\"key\": 1}\n", KeyError::Document { kind: "object" }),
            ("[\"sk-1\"]", KeyError::Document { kind: "array" }),
            ("null\r\n", KeyError::Placeholder("null")),
            ("None", KeyError::Placeholder("None")),
            ("\"sk-1\"\n", KeyError::Quoted),
            ("\"sk-1", KeyError::Quoted),
            ("'sk-1'", KeyError::Quoted),
            (" \n", KeyError::Empty),
        ] {
            assert_eq!(read(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn json_document_key_keeps_its_meaning() {
        let json = "{\n  \"a b\": \"c \\\" d\\\\\",\r\n\t\"ü😀\": [ 1, true ]\n}\n";
        let key = read(json);
        assert_eq!(key, r#"{"a\u0020b":"c\u0020\"\u0020d\\","\u00fc\ud83d\ude00":[1,true]}"#);
        let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(value(&key), value(json));
    }

    #[test]
    fn invalid_or_too_long_json_document_is_no_key() {
        for text in ["", "{", "sk-1", "{} {}"] {
            assert!(key(text).is_none(), "{text}");
        }
        let long = format!("\"{}\"", "k".repeat(crate::MAX_KEY_LENGTH));
        assert!(matches!(key(&long), Some(Err(KeyError::TooLong { .. }))));
    }

    fn keys(json: &str) -> Option<AwsKeys> {
        AwsKeys::parse(&Key::parse(json).unwrap())
    }

    #[test]
    fn aws_keys_are_read_in_the_forms_of_those_that_give_them() {
        for json in [
            r#"{"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t","Expiration":"2033-05-18T03:33:20Z"}"#,
            r#"{"Credentials":{"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t","Expiration":"2033-05-18T03:33:20"},"Other":1}"#,
            r#"{"Code":"Success","AccessKeyId":"A","SecretAccessKey":"s","Token":"t","Expiration":"2033-05-18T03:33:20UTC"}"#,
            r#"{"Credentials":7,"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t","Expiration":2000000000}"#,
        ] {
            let keys = keys(json).unwrap();
            assert_eq!([keys.access_key_id(), keys.secret_access_key()], ["A", "s"]);
            assert_eq!(keys.session_token(), Some("t"));
            let end = keys.expiry().and_then(Expiry::point);
            assert_eq!(end, Some(Moment::from_unix_millis(2_000_000_000_000)));
        }
        let keys = keys(r#"{"access_key":"A","secret_key":"s","security_token":null}"#).unwrap();
        assert!(keys.session_token().is_none() && keys.expiry().is_none());
    }

    #[test]
    fn aws_keys_with_several_names_of_one_field_take_the_first_that_has_a_text() {
        for (tokens, expected) in [
            (r#""security_token":"T","session_token":"T""#, "T"),
            (r#""security_token":"old","session_token":"T""#, "T"),
            (r#""session_token":"T","security_token":"old""#, "T"),
            (r#""session_token":null,"security_token":"T""#, "T"),
            (r#""session_token":"","security_token":"T""#, "T"),
            (r#""SessionToken":7,"session_token":"T""#, "T"),
            (r#""session_token":"old","session_token":"T""#, "T"),
        ] {
            let json = format!(
                r#"{{"access_key":"A","AccessKeyId":"A","secret_key":"s","secret_key":"s",{tokens}}}"#
            );
            assert_eq!(keys(&json).unwrap().session_token(), Some(expected), "{tokens}");
        }
    }

    #[test]
    fn aws_keys_without_id_or_secret_are_none() {
        for other in [
            "sk-1",
            "{}",
            r#"{"AccessKeyId":"A"}"#,
            r#"{"AccessKeyId":"","SecretAccessKey":"s"}"#,
            r#"{"AccessKeyId":7,"SecretAccessKey":"s"}"#,
        ] {
            assert!(keys(other).is_none(), "{other}");
        }
    }

    #[test]
    fn aws_keys_with_an_unreadable_expiry_keep_it() {
        for expiry in [r#""soon""#, "{}", "true", "1e400"] {
            let json =
                format!(r#"{{"AccessKeyId":"A","SecretAccessKey":"s","Expiration":{expiry}}}"#);
            assert_eq!(keys(&json).unwrap().expiry().map(Expiry::point), Some(None), "{expiry}");
        }
    }
}
