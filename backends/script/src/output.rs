//! What a program printed, read as a key.

use std::time::SystemTime;

use api_key_helper_backend::document::key_alone;
use api_key_helper_backend::{Credential, Key, KeyError, Secret, text};
use serde::Deserialize;

use crate::document;
use crate::unreadable::Unreadable;

/// How a program prints its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Output"))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// Alone, or in a JSON document of any known shape.
    #[default]
    Auto,
    /// A JSON document, all of which is the key.
    Document,
    /// In a JSON document with `key` and `expires_at`.
    Json,
    /// Alone.
    Raw,
}

impl Format {
    /// Reads the key that `bytes` hold; lifetimes count from `now`.
    pub(crate) fn read(self, bytes: &[u8], now: SystemTime) -> Result<Credential, Unreadable> {
        let text = text::present(bytes)?;
        match self {
            Self::Document => document::read_whole(text),
            Self::Json => document::read_own(text),
            Self::Auto if text.starts_with('{') => document::read_any(text, now),
            Self::Auto => alone(text, key_alone(text)),
            Self::Raw => alone(text, Key::parse(text)),
        }
    }
}

/// The credential of `text`, which was parsed as a key.
fn alone(text: &str, key: Result<Key, KeyError>) -> Result<Credential, Unreadable> {
    key.map(Credential::new).map_err(|error| Unreadable::of_key(error, text))
}

/// Reads a secret of any form that `bytes` hold.
pub(crate) fn secret(bytes: &[u8]) -> Result<Secret, Unreadable> {
    text::secret(bytes).map_err(Unreadable::from)
}

#[cfg(test)]
mod tests {
    use api_key_helper_backend::text::TextError;
    use api_key_helper_backend::{ErrorKind, MAX_KEY_LENGTH};

    use super::*;

    fn read(format: Format, text: &str) -> Result<String, Unreadable> {
        let credential = format.read(text.as_bytes(), SystemTime::UNIX_EPOCH)?;
        assert_eq!((credential.expires_at, credential.refresh_at), (None, None));
        Ok(credential.key.expose().to_owned())
    }

    #[test]
    fn script_output_may_be_a_key_alone() {
        for format in [Format::Auto, Format::Raw] {
            for text in ["sk-1", "sk-1\n", "\u{feff}sk-1\r\n", " \tsk-1 \n\n"] {
                assert_eq!(read(format, text).as_deref(), Ok("sk-1"), "{text:?}");
            }
        }
        assert_eq!(read(Format::Raw, "{\"a\"}").as_deref(), Ok("{\"a\"}"));
        assert_eq!(read(Format::Raw, "\"a\"").as_deref(), Ok("\"a\""));
    }

    #[test]
    fn script_output_document_is_json_without_whitespace() {
        let text = "{\n  \"a b\": 1,\n  \"key\": null\n}\n";
        let expected = r#"{"a\u0020b":1,"key":null}"#;
        assert_eq!(read(Format::Document, text).as_deref(), Ok(expected));
        for text in ["sk-1", "[1]", "{", "{\"a\" 1}"] {
            let error = read(Format::Document, text).unwrap_err();
            assert!(matches!(error, Unreadable::NoJson { .. }), "{text}: {error:?}");
        }
    }

    #[test]
    fn script_output_that_is_empty_is_transient() {
        for format in [Format::Auto, Format::Document, Format::Raw, Format::Json] {
            for text in ["", " \r\n", "\u{feff}", "null\n", "None"] {
                assert_eq!(
                    read(format, text).unwrap_err().kind(),
                    ErrorKind::Transient,
                    "{text:?}"
                );
            }
        }
        let hint = read(Format::Auto, "null").unwrap_err().hint("run `/x` by hand");
        assert!(hint.contains("`jq -er`"), "{hint}");
    }

    #[test]
    fn script_output_that_is_no_key_is_misconfigured() {
        let words = |text: &[u8]| {
            let error = Format::Auto.read(text, SystemTime::UNIX_EPOCH).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured);
            error.to_string()
        };
        assert_eq!(
            words(b"sk-1\r\nsk-2"),
            "printed what is not a key: there is more than one line: the first ends at character 5"
        );
        assert_eq!(words(b"\x1b[32msk-1\x1b[0m"), "printed a key with terminal sequences in it");
        assert_eq!(
            words(b"\x7fELF\x02\xff"),
            "printed output that is not text: byte 6 is not UTF-8"
        );
        assert_eq!(words(b"\xff\xfes\0k\0"), "printed output that is UTF-16 instead of UTF-8");
        assert_eq!(words(b"\"sk-1\""), "printed a key in quotes");
        assert_eq!(words(b"'sk-1'"), "printed a key in quotes");
        assert_eq!(words(b"[\"sk-1\"]"), "printed what is not a key: it is a JSON array");
        assert!(words(b"a\0b").contains("character 2 of the key"));
        assert!(words("k".repeat(MAX_KEY_LENGTH + 1).as_bytes()).contains("16385 characters"));
        assert!(read(Format::Raw, &"k".repeat(MAX_KEY_LENGTH)).is_ok());
    }

    #[test]
    fn script_secret_input_may_have_spaces_and_lines() {
        assert_eq!(secret(b"\n a b\nc\r\n").unwrap().expose(), "a b\nc");
        assert_eq!(secret(b" \n"), Err(Unreadable::Empty));
        let not_utf8 = TextError::NotUtf8 { position: 1 };
        assert_eq!(secret(b"\xff"), Err(Unreadable::NoText(not_utf8)));
        let control = TextError::Control { position: 2 };
        assert_eq!(secret(b"a\x1bb"), Err(Unreadable::NoText(control)));
    }
}
