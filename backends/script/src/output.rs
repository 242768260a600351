//! What a program printed, read as a key.

use std::fmt;
use std::time::SystemTime;

use api_key_helper_core::{Credential, ErrorKind, Key, KeyError, Secret};
use serde::Deserialize;

use crate::document;

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
        let text = text(bytes)?;
        match self {
            Self::Document => document::read_whole(text),
            Self::Json => document::read_own(text),
            Self::Auto if text.starts_with('{') => document::read_any(text, now),
            Self::Auto if text.starts_with('"') => Err(Unreadable::Quoted),
            Self::Auto | Self::Raw => Ok(Credential::new(key(text)?)),
        }
    }
}

/// Reads a secret of any form that `bytes` hold.
pub(crate) fn secret(bytes: &[u8]) -> Result<Secret, Unreadable> {
    text(bytes).map(Secret::from)
}

/// Reads a key, wherever in the output it stood.
pub(crate) fn key(text: &str) -> Result<Key, Unreadable> {
    Key::parse(text).map_err(|error| match error {
        KeyError::Empty => Unreadable::Empty,
        KeyError::Character { .. } if text.contains('\u{1b}') => Unreadable::Coloured,
        error => Unreadable::NoKey(error),
    })
}

/// The text without what surrounds it, if there is any.
fn text(bytes: &[u8]) -> Result<&str, Unreadable> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Unreadable::NoText { position: error.valid_up_to() + 1 })?
        .trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    match text {
        "" => Err(Unreadable::Empty),
        "null" => Err(Unreadable::Placeholder("null")),
        "None" => Err(Unreadable::Placeholder("None")),
        text => Ok(text),
    }
}

/// Why an output is no key. In words, it follows the program's name, and quotes nothing of the
/// output but what a document gives as its own error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// There are terminal sequences in it.
    Coloured,
    /// There is nothing.
    Empty,
    /// A document that says that it has no key.
    Failed { reason: String },
    /// More than so many bytes.
    LongerThan { bytes: usize },
    /// Not the syntax of JSON. Line and column count from 1.
    NoJson { line: usize, column: usize },
    /// Something else than a key.
    NoKey(KeyError),
    /// A document without any of these fields.
    NoField { wanted: &'static str },
    /// Not UTF-8, from this byte on. Bytes count from 1.
    NoText { position: usize },
    /// A time that is none in this field.
    NoTime { field: &'static str },
    /// A time in this field that is given in milliseconds.
    Milliseconds { field: &'static str },
    /// What tools print for a value that is not there.
    Placeholder(&'static str),
    /// A JSON string.
    Quoted,
    /// JSON that has a value of another type than it should.
    WrongType { line: usize, column: usize },
}

impl Unreadable {
    /// A program that has nothing to print, and exits with 0 nevertheless, is a careless one in an
    /// outage: the old key must go on. One that prints something else has to be mended.
    pub(crate) const fn kind(&self) -> ErrorKind {
        match self {
            Self::Empty | Self::Failed { .. } | Self::Placeholder(_) => ErrorKind::Transient,
            _ => ErrorKind::Misconfigured,
        }
    }

    /// What to do, where `by_hand` says how to see the output.
    pub(crate) fn hint(&self, by_hand: &str) -> String {
        let hint = match self {
            Self::Coloured => "turn off the colours of what it prints",
            Self::Placeholder("null") => "use `jq -er`, which fails when the field is not there",
            Self::Quoted => "use `jq -r`, or set `output = \"raw\"` if the quotes are part of it",
            Self::LongerThan { .. } | Self::NoKey(_) | Self::NoText { .. } => {
                "print the key alone on stdout, and all else on stderr"
            }
            Self::NoTime { field: "expires_in" } => "print the number of seconds that it lives",
            Self::NoTime { .. } | Self::Milliseconds { .. } => {
                "print RFC 3339, such as `2030-01-31T12:00:00Z`, or Unix seconds"
            }
            Self::NoField { .. } | Self::NoJson { .. } | Self::WrongType { .. } => {
                "print `{\"key\": \"...\"}`, or set `output = \"raw\"` if this is the key"
            }
            Self::Empty | Self::Failed { .. } | Self::Placeholder(_) => {
                return format!("{by_hand} to see why, and let it exit with 75 in an outage");
            }
        };
        format!("{hint}; {by_hand} to see what it prints")
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coloured => f.write_str("printed a key with terminal sequences in it"),
            Self::Empty => f.write_str("printed no key"),
            Self::Failed { reason } => write!(f, "printed that it failed: {reason}"),
            Self::LongerThan { bytes } => write!(f, "printed more than {bytes} bytes"),
            Self::NoJson { line, column } => {
                write!(f, "printed what is not a JSON document at line {line}, column {column}")
            }
            Self::NoKey(error) => write!(f, "printed what is not a key: {error}"),
            Self::NoField { wanted } => {
                write!(f, "printed JSON without a key: there is no {wanted}")
            }
            Self::NoText { position } => {
                write!(f, "printed what is not text: byte {position} is not UTF-8")
            }
            Self::NoTime { field } => write!(f, "printed JSON in which `{field}` is not a time"),
            Self::Milliseconds { field } => {
                write!(f, "printed JSON in which `{field}` is in milliseconds, by its size")
            }
            Self::Placeholder(word) => write!(f, "printed `{word}` instead of a key"),
            Self::Quoted => f.write_str("printed a key in double quotes"),
            Self::WrongType { line, column } => {
                write!(
                    f,
                    "printed JSON with a value of the wrong type at line {line}, column {column}"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use api_key_helper_core::MAX_KEY_LENGTH;

    use super::*;

    fn read(format: Format, text: &str) -> Result<String, Unreadable> {
        let credential = format.read(text.as_bytes(), SystemTime::UNIX_EPOCH)?;
        assert_eq!((credential.expires_at, credential.refresh_at), (None, None));
        Ok(credential.key.expose().to_owned())
    }

    #[test]
    fn a_key_alone() {
        for format in [Format::Auto, Format::Raw] {
            for text in ["sk-1", "sk-1\n", "\u{feff}sk-1\r\n", " \tsk-1 \n\n"] {
                assert_eq!(read(format, text).as_deref(), Ok("sk-1"), "{text:?}");
            }
        }
        assert_eq!(read(Format::Raw, "{\"a\"}").as_deref(), Ok("{\"a\"}"));
        assert_eq!(read(Format::Raw, "\"a\"").as_deref(), Ok("\"a\""));
    }

    #[test]
    fn a_document_is_a_key_without_its_white_space() {
        let text = "{\n  \"a b\": 1,\n  \"key\": null\n}\n";
        let expected = r#"{"a\u0020b":1,"key":null}"#;
        assert_eq!(read(Format::Document, text).as_deref(), Ok(expected));
        for text in ["sk-1", "[1]", "{", "{\"a\" 1}"] {
            let error = read(Format::Document, text).unwrap_err();
            assert!(matches!(error, Unreadable::NoJson { .. }), "{text}: {error:?}");
        }
    }

    #[test]
    fn nothing_is_an_outage() {
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
    fn what_is_no_key_is_to_be_mended() {
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
        assert_eq!(words(b"\x7fELF\x02\xff"), "printed what is not text: byte 6 is not UTF-8");
        assert_eq!(words(b"\"sk-1\""), "printed a key in double quotes");
        assert!(words(b"a\0b").contains("character 2 of the key"));
        assert!(words("k".repeat(MAX_KEY_LENGTH + 1).as_bytes()).contains("16385 characters"));
        assert!(read(Format::Raw, &"k".repeat(MAX_KEY_LENGTH)).is_ok());
    }

    #[test]
    fn a_secret_may_have_spaces_and_lines() {
        assert_eq!(secret(b"\n a b\nc\r\n").unwrap().expose(), "a b\nc");
        assert_eq!(secret(b" \n"), Err(Unreadable::Empty));
        assert_eq!(secret(b"\xff"), Err(Unreadable::NoText { position: 1 }));
    }
}
