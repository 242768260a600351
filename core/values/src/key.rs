//! The key: the one line that is printed.

use std::fmt;

use crate::Secret;
use crate::text::{self, TextError};

/// The longest key that callers accept, in characters (Claude Code refuses longer ones).
pub const MAX_KEY_LENGTH: usize = 16_384;

/// A key that may be printed: one token of printable ASCII without spaces, 1 to [`MAX_KEY_LENGTH`]
/// characters.
///
/// A value of this type has been checked, so nothing checks it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(Secret);

impl Key {
    /// Parses a key as a program prints it, [trimmed](text::trim) as callers do it.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong and where, and never quotes the text.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let token = text::token(text)?;
        if token.len() > MAX_KEY_LENGTH {
            return Err(KeyError::TooLong { length: token.len() });
        }
        Ok(Self(Secret::from(token)))
    }

    /// Returns the text of the key, to be printed or sent.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Returns the key as a secret, for a source that feeds another source.
    #[must_use]
    pub fn into_secret(self) -> Secret {
        self.0
    }
}

/// The reason why a text is not a key. Positions count characters from 1 in the trimmed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// A character that is a space, a control character or not ASCII.
    Character {
        /// The position of the character.
        position: usize,
    },
    /// A JSON document.
    Document {
        /// The JSON type.
        kind: &'static str,
    },
    /// Nothing but white space.
    Empty,
    /// A word that tools print for a missing value.
    Placeholder(&'static str),
    /// A text in quotes.
    Quoted,
    /// A second line.
    SecondLine {
        /// The position of the line end.
        position: usize,
    },
    /// More than [`MAX_KEY_LENGTH`] characters.
    TooLong {
        /// The number of characters.
        length: usize,
    },
}

impl KeyError {
    /// Returns a hint for a text in place of a key, if the cause is clear.
    #[must_use]
    pub const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Placeholder(_) => Some("check the program that writes it: it had no key"),
            Self::Quoted => Some("write the key without quotes"),
            _ => None,
        }
    }
}

impl From<TextError> for KeyError {
    fn from(error: TextError) -> Self {
        match error {
            TextError::SecondLine { position } => Self::SecondLine { position },
            TextError::Control { position }
            | TextError::NotAscii { position }
            | TextError::NotUtf8 { position }
            | TextError::Space { position } => Self::Character { position },
            TextError::Utf16 => Self::Character { position: 1 },
            TextError::Placeholder(word) => Self::Placeholder(word),
            TextError::Empty => Self::Empty,
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character { position } => {
                write!(f, "character {position} of the key is a space, or not printable ASCII")
            }
            Self::Document { kind } => write!(f, "it is a JSON {kind}"),
            Self::Empty => f.write_str("the key is empty"),
            Self::Placeholder(word) => write!(f, "it is `{word}`"),
            Self::Quoted => f.write_str("it is in quotes"),
            Self::SecondLine { position } => {
                write!(f, "there is more than one line: the first ends at character {position}")
            }
            Self::TooLong { length } => {
                write!(f, "the key has {length} characters; at most {MAX_KEY_LENGTH} are allowed")
            }
        }
    }
}

impl std::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_byte_order_mark_and_whitespace_are_trimmed() {
        for text in ["sk-1", "sk-1\n", "\u{feff}sk-1\r\n", "  sk-1\t\r\n\r\n", "\n\u{feff} sk-1"] {
            assert_eq!(Key::parse(text).unwrap().expose(), "sk-1", "{text:?}");
        }
    }

    #[test]
    fn invalid_api_key_error_gives_a_position_and_no_character() {
        let error = |text: &str| Key::parse(text).unwrap_err();
        assert_eq!(error(" \r\n"), KeyError::Empty);
        assert_eq!(error("ab\ncd"), KeyError::SecondLine { position: 3 });
        assert_eq!(error("ab\r\ncd"), KeyError::SecondLine { position: 3 });
        assert_eq!(error("ab cd"), KeyError::Character { position: 3 });
        assert_eq!(error("ab\u{1b}[0m"), KeyError::Character { position: 3 });
        assert_eq!(error("schlüssel"), KeyError::Character { position: 5 });
        assert_eq!(error("a\0b"), KeyError::Character { position: 2 });
    }

    #[test]
    fn api_key_length_is_bounded() {
        assert!(Key::parse(&"k".repeat(MAX_KEY_LENGTH)).is_ok());
        let length = MAX_KEY_LENGTH + 1;
        assert_eq!(Key::parse(&"k".repeat(length)), Err(KeyError::TooLong { length }));
    }
}
