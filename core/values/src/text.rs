//! Text from outside: a variable, a file, a program's output, a field of a server's response.
//!
//! It is read by one rule. The byte-order mark and the surrounding white space are dropped, because
//! editors and programs add them. If the rest is invalid, the error has the position, and never
//! quotes the text.

use std::fmt;

use crate::{Error, Secret};

/// The characters that a text may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Lines, with tabs, and without other control characters.
    Lines,
    /// One line without control characters, such as a password.
    Line,
    /// Printable ASCII, for the value of a header.
    Header,
    /// Printable ASCII without spaces, for a token.
    Token,
}

/// The reason why a text is invalid. Positions count from 1 in the trimmed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// A control character.
    Control {
        /// Its position.
        position: usize,
    },
    /// Nothing but white space.
    Empty,
    /// A character that is not ASCII.
    NotAscii {
        /// Its position.
        position: usize,
    },
    /// Not UTF-8 from this byte on.
    NotUtf8 {
        /// Its position, in bytes.
        position: usize,
    },
    /// A word that tools print for a missing value.
    Placeholder(&'static str),
    /// A second line.
    SecondLine {
        /// The position of the line end.
        position: usize,
    },
    /// A space.
    Space {
        /// Its position.
        position: usize,
    },
    /// UTF-16, as saved by PowerShell and some editors on Windows.
    Utf16,
}

/// Removes the characters that programs and editors add around a text.
#[must_use]
pub fn trim(text: &str) -> &str {
    let is_noise = |c: char| c.is_whitespace() || c == '\u{feff}';
    let text = text.trim_matches(is_noise);
    // C ends a string with one NUL; several are left in a file after a crash.
    text.strip_suffix('\0').map_or(text, |text| text.trim_end_matches(is_noise))
}

/// Decodes a text, which may be empty.
///
/// # Errors
/// It is not UTF-8.
pub fn decode(bytes: &[u8]) -> Result<&str, TextError> {
    let bytes = unmarked(bytes)?;
    let text = std::str::from_utf8(bytes)
        .map_err(|error| TextError::NotUtf8 { position: error.valid_up_to() + 1 })?;
    Ok(trim(text))
}

/// Decodes a text that must not be empty.
///
/// # Errors
/// It is not UTF-8, is empty, or is a placeholder.
pub fn present(bytes: &[u8]) -> Result<&str, TextError> {
    let text = decode(bytes)?;
    match placeholder(text) {
        _ if text.is_empty() => Err(TextError::Empty),
        Some(word) => Err(TextError::Placeholder(word)),
        None => Ok(text),
    }
}

/// Removes the byte-order mark of a text in a superset of ASCII.
///
/// # Errors
/// It is UTF-16.
pub fn unmarked(bytes: &[u8]) -> Result<&[u8], TextError> {
    if is_utf16(bytes) {
        return Err(TextError::Utf16);
    }
    Ok(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes))
}

/// Decodes a secret.
///
/// # Errors
/// It is empty, a placeholder, or not [`Form::Lines`].
pub fn secret(bytes: &[u8]) -> Result<Secret, TextError> {
    let text = present(bytes)?;
    check(text, Form::Lines).map(|()| Secret::from(text))
}

/// Trims and checks a token.
///
/// # Errors
/// It is empty, or not [`Form::Token`].
pub fn token(text: &str) -> Result<&str, TextError> {
    let token = trim(text);
    if token.is_empty() {
        return Err(TextError::Empty);
    }
    check(token, Form::Token).map(|()| token)
}

/// Returns the word that tools print for a missing value, if `text` is one.
#[must_use]
pub fn placeholder(text: &str) -> Option<&'static str> {
    ["null", "None"].into_iter().find(|word| *word == text)
}

/// Checks that the trimmed `text` has this form.
///
/// # Errors
/// The first character that the form does not allow.
pub fn check(text: &str, form: Form) -> Result<(), TextError> {
    let wrong = text.chars().zip(1..).find(|(character, _)| !form.has(*character));
    let Some((character, position)) = wrong else { return Ok(()) };
    Err(match character {
        '\n' => TextError::SecondLine { position },
        '\r' if text.chars().nth(position) == Some('\n') => TextError::SecondLine { position },
        ' ' => TextError::Space { position },
        char::REPLACEMENT_CHARACTER => {
            let before: usize = text.chars().take(position - 1).map(char::len_utf8).sum();
            TextError::NotUtf8 { position: before + 1 }
        }
        _ if character.is_control() => TextError::Control { position },
        _ => TextError::NotAscii { position },
    })
}

impl Form {
    fn has(self, character: char) -> bool {
        match self {
            // The replacement character stands for bytes that were not UTF-8.
            _ if character == char::REPLACEMENT_CHARACTER => false,
            Self::Lines => !character.is_control() || matches!(character, '\n' | '\r' | '\t'),
            Self::Line => !character.is_control(),
            Self::Header => character == ' ' || character.is_ascii_graphic(),
            Self::Token => character.is_ascii_graphic(),
        }
    }
}

/// UTF-16 shows by its byte-order mark; or by an ASCII character at its start, as no text contains
/// NUL.
fn is_utf16(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=0x7f, ..] | [1..=0x7f, 0, _, 0, ..]
    )
}

impl TextError {
    /// Returns the error of the text at `place`, such as "the variable `NAME`".
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Error {
        let error = Error::misconfigured(format!("{place} {self}")).with_hint(self.hint());
        error.with_text_error(self)
    }

    /// Returns the hint.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Empty => "set a value",
            Self::NotUtf8 { .. } | Self::Utf16 => {
                "save it as UTF-8, in PowerShell by `Set-Content -Encoding utf8`"
            }
            Self::Placeholder(_) => {
                "check the program that writes it: `jq -er` fails if a field is missing"
            }
            Self::Control { .. }
            | Self::NotAscii { .. }
            | Self::SecondLine { .. }
            | Self::Space { .. } => "set the value again, alone and on one line",
        }
    }
}

/// Continues the name of the place.
impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control { position } => {
                write!(f, "has a control character at position {position}")
            }
            Self::Empty => f.write_str("is empty"),
            Self::NotAscii { position } => {
                write!(f, "has a non-ASCII character at position {position}")
            }
            Self::NotUtf8 { position } => write!(f, "is not text: byte {position} is not UTF-8"),
            Self::Placeholder(word) => write!(f, "is `{word}` instead of a value"),
            Self::SecondLine { position } => {
                write!(f, "has more than one line: the first ends at position {position}")
            }
            Self::Space { position } => write!(f, "has a space at position {position}"),
            Self::Utf16 => f.write_str("is UTF-16 instead of UTF-8"),
        }
    }
}

impl std::error::Error for TextError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_byte_order_mark_line_ends_and_nul_is_trimmed() {
        for text in ["a b", "a b\n", "\u{feff}a b\r\n", " \ta b \r\n\r\n", "a b\0", "a b\n\0\n"] {
            assert_eq!(decode(text.as_bytes()), Ok("a b"), "{text:?}");
        }
        for text in ["", " \r\n", "\u{feff}", "\u{a0}\n", "\0"] {
            assert_eq!(decode(text.as_bytes()), Ok(""), "{text:?}");
            assert_eq!(secret(text.as_bytes()), Err(TextError::Empty), "{text:?}");
        }
    }

    #[test]
    fn utf16_text_is_recognised_with_and_without_byte_order_mark() {
        let units = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(bytes).collect()
        };
        for text in ["\u{feff}subj-1\r\n", "subj-1\n", "\u{feff}"] {
            for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                assert_eq!(decode(&units(text, bytes)), Err(TextError::Utf16), "{text:?}");
            }
        }
        assert_eq!(decode(b"a\0"), Ok("a"));
        assert_eq!(decode(b"ab\xff"), Err(TextError::NotUtf8 { position: 3 }));
        assert_eq!(decode("\u{feff}ü".as_bytes()), Ok("ü"));
    }

    #[test]
    fn secret_input_may_have_lines_and_no_other_control_character() {
        let read = |text: &str| secret(text.as_bytes()).map(|secret| secret.expose().to_owned());
        assert_eq!(read("\n-----BEGIN\r\n\ta b\nü\n").as_deref(), Ok("-----BEGIN\r\n\ta b\nü"));
        for (text, error) in [
            ("a\u{1b}[0m", TextError::Control { position: 2 }),
            ("a\0b", TextError::Control { position: 2 }),
            ("\0\0\0", TextError::Control { position: 1 }),
            ("ü\u{9b}", TextError::Control { position: 2 }),
            ("null\n", TextError::Placeholder("null")),
            ("None", TextError::Placeholder("None")),
        ] {
            assert_eq!(read(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn control_character_or_non_ascii_is_named_by_position_for_each_form() {
        for (text, form, error) in [
            ("pass wörd", Form::Line, None),
            ("a\r\nb", Form::Line, Some(TextError::SecondLine { position: 2 })),
            ("a\rb", Form::Line, Some(TextError::Control { position: 2 })),
            ("ü\tb", Form::Line, Some(TextError::Control { position: 2 })),
            ("Bearer t", Form::Header, None),
            ("Bearer ü", Form::Header, Some(TextError::NotAscii { position: 8 })),
            ("a\nb", Form::Header, Some(TextError::SecondLine { position: 2 })),
            ("a b", Form::Token, Some(TextError::Space { position: 2 })),
            ("ü\u{fffd}", Form::Lines, Some(TextError::NotUtf8 { position: 3 })),
            ("a\u{a0}b", Form::Token, Some(TextError::NotAscii { position: 2 })),
        ] {
            assert_eq!(check(text, form).err(), error, "{text:?} as {form:?}");
        }
    }

    #[test]
    fn secret_input_error_names_the_place_and_never_the_text() {
        let error = secret(b"hunter2\x1bhunter2").unwrap_err().at("the variable `T`");
        assert_eq!(error.message(), "the variable `T` has a control character at position 8");
        assert_eq!(error.text_error(), Some(TextError::Control { position: 8 }));
        assert!(!error.report().contains("hunter2"), "{}", error.report());
    }
}
