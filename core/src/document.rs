//! A key that is a JSON document: where an API wants more than one secret, they are one key.
//!
//! As a key it has no white space, and nothing that is not ASCII: both are written as JSON's escapes
//! where they are part of a text, and left out elsewhere.

use serde::Deserialize;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use crate::{Key, KeyError, Moment};

/// Reads a JSON document as a key.
///
/// # Errors
/// `None` where it is no JSON; the inner one where it is too long.
#[must_use]
pub fn key(json: &str) -> Option<Result<Key, KeyError>> {
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    Some(Key::parse(&compact(json)))
}

/// A set of AWS keys.
pub struct AwsKeys {
    access_key_id: Zeroizing<String>,
    secret_access_key: Zeroizing<String>,
    session_token: Option<Zeroizing<String>>,
    expires_at: Option<Moment>,
}

impl AwsKeys {
    /// Reads a key as the answers of AWS's own programs have it, alone or inside `Credentials`; or of
    /// Vault's, in their names.
    #[must_use]
    pub fn parse(key: &Key) -> Option<Self> {
        let json = key.expose();
        let outer = serde_json::from_str::<Outer>(json).ok()?.credentials;
        let Written { access_key_id, secret_access_key, session_token, expiration } =
            outer.map_or_else(|| serde_json::from_str(json).ok(), Some)?;
        // A key without a text is as good as none.
        let text = |text: String| Some(Zeroizing::new(text)).filter(|text| !text.is_empty());
        Some(Self {
            access_key_id: text(access_key_id)?,
            secret_access_key: text(secret_access_key)?,
            session_token: session_token.and_then(text),
            expires_at: expiration.and_then(|end| {
                let end: jiff::Timestamp = end.parse().ok()?;
                Some(Moment::from_unix_millis(end.as_millisecond().try_into().ok()?))
            }),
        })
    }

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

    /// The issuer's end, if the set names it.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Moment> {
        self.expires_at
    }
}

/// What AWS STS answers.
#[derive(Deserialize)]
struct Outer {
    #[serde(rename = "Credentials")]
    credentials: Option<Written>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(rename = "AccessKeyId", alias = "access_key", alias = "aws_access_key_id")]
    access_key_id: String,
    #[serde(rename = "SecretAccessKey", alias = "secret_key", alias = "aws_secret_access_key")]
    secret_access_key: String,
    #[serde(
        rename = "SessionToken",
        alias = "security_token",
        alias = "session_token",
        alias = "aws_session_token"
    )]
    session_token: Option<String>,
    #[serde(rename = "Expiration")]
    expiration: Option<String>,
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

    fn read(json: &str) -> String {
        key(json).unwrap().unwrap().expose().to_owned()
    }

    #[test]
    fn a_document_stays_what_it_says() {
        let json = "{\n  \"a b\": \"c \\\" d\\\\\",\r\n\t\"ü😀\": [ 1, true ]\n}\n";
        let key = read(json);
        assert_eq!(key, r#"{"a\u0020b":"c\u0020\"\u0020d\\","\u00fc\ud83d\ude00":[1,true]}"#);
        let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(value(&key), value(json));
    }

    #[test]
    fn what_is_no_json_or_too_long_is_no_key() {
        for text in ["", "{", "sk-1", "{} {}"] {
            assert!(key(text).is_none(), "{text}");
        }
        let long = format!("\"{}\"", "k".repeat(crate::MAX_KEY_LENGTH));
        assert!(matches!(key(&long), Some(Err(KeyError::TooLong { .. }))));
    }

    #[test]
    fn aws_keys_in_the_forms_of_those_that_give_them() {
        for json in [
            r#"{"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t","Expiration":"2033-05-18T03:33:20Z"}"#,
            r#"{"Credentials":{"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t","Expiration":"2033-05-18T03:33:20+00:00"},"Other":1}"#,
        ] {
            let keys = AwsKeys::parse(&Key::parse(json).unwrap()).unwrap();
            assert_eq!([keys.access_key_id(), keys.secret_access_key()], ["A", "s"]);
            assert_eq!(keys.session_token(), Some("t"));
            assert_eq!(keys.expires_at(), Some(Moment::from_unix_millis(2_000_000_000_000)));
        }
        let vault = r#"{"access_key":"A","secret_key":"s","security_token":null}"#;
        let keys = AwsKeys::parse(&Key::parse(vault).unwrap()).unwrap();
        assert_eq!((keys.session_token(), keys.expires_at()), (None, None));
        for other in
            ["sk-1", "{}", r#"{"AccessKeyId":"A"}"#, r#"{"AccessKeyId":"","SecretAccessKey":"s"}"#]
        {
            assert!(AwsKeys::parse(&Key::parse(other).unwrap()).is_none(), "{other}");
        }
    }
}
