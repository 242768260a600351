//! JSON text with the place of each value.

pub(crate) mod edit;

use std::fmt;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::de::IgnoredAny;

/// A place in a text, as editors count: both numbers begin with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The reason why a file is not valid settings. It has the place and the kind of the mistake, and
/// quotes nothing of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The place of the mistake.
    pub position: Position,
    /// The mistake: lower case, no full stop.
    pub reason: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position, self.reason)
    }
}

impl std::error::Error for Malformed {}

impl Malformed {
    /// Returns a mistake at the byte `at` of `text`.
    pub(crate) fn at(text: &str, at: usize, reason: impl Into<String>) -> Self {
        Self { position: position(text, at), reason: reason.into() }
    }
}

/// Splits the content of a file into the byte-order mark, if there is one, and the text.
pub(crate) fn text(bytes: &[u8]) -> Result<(&str, &str), Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        Malformed::at(&valid, valid.len(), "this is not UTF-8")
    })?;
    Ok(text.split_at(text.strip_prefix(MARK).map_or(0, |_| MARK.len_utf8())))
}

/// Parses `text` as an object; `None` if it is only white space.
///
/// One parser decides whether the text is JSON, the other one finds the places. The second reads
/// dialects as well, and is more lenient than its options say.
pub(crate) fn object(text: &str) -> Result<Option<Object<'_>>, Malformed> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| refused(text, &error))?;
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT).map_err(|error| {
        Malformed::at(text, error.range().start, error.kind().to_string().to_lowercase())
    })?;
    match parsed.value {
        Some(Value::Object(object)) => Ok(Some(object)),
        _ => Err(Malformed::at(text, 0, "settings must be a JSON object")),
    }
}

pub(crate) fn position(text: &str, at: usize) -> Position {
    let before = &text[..text.floor_char_boundary(at)];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Position {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

fn refused(text: &str, error: &serde_json::Error) -> Malformed {
    // The parser counts bytes, up to the last one read: column 0 is before the first byte of a
    // line.
    let line_start = text.split_inclusive('\n').take(error.line() - 1).map(str::len).sum::<usize>();
    let shown = error.to_string();
    let reason = shown.rsplit_once(" at line ").map_or(&*shown, |(reason, _)| reason);
    Malformed::at(text, line_start + error.column().saturating_sub(1), reason.to_lowercase())
}

/// Returns whether a settings file begins with U+FEFF.
pub(crate) fn has_byte_order_mark(bytes: &[u8]) -> bool {
    bytes.starts_with(MARK.encode_utf8(&mut [0; 4]).as_bytes())
}

const MARK: char = '\u{feff}';

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        object(text).unwrap_err().to_string()
    }

    #[test]
    fn invalid_json_names_line_and_column_in_characters() {
        let rows = [
            ("{\n  \"ü\": \"ü\" x\n}", "line 2, column 12: expected `,` or `}`"),
            ("{\r\n\t\"a\": 1,\r\n}", "line 3, column 1: key must be a string"),
            ("{\"a\": 01}", "line 1, column 8: invalid number"),
            ("{\"a\": 1", "line 1, column 7: eof while parsing an object"),
            ("// no\n{}", "line 1, column 1: expected value"),
            ("{} {}", "line 1, column 4: trailing characters"),
            ("[]", "line 1, column 1: settings must be a JSON object"),
        ];
        for (text, expected) in rows {
            assert_eq!(refusal(text), expected, "{text:?}");
        }
        let error = text(b"{\n\"\xff").unwrap_err();
        assert_eq!(error.to_string(), "line 2, column 2: this is not UTF-8");
    }

    #[test]
    fn json_byte_order_mark_is_no_part_of_the_text() {
        assert_eq!(text("\u{feff}{}".as_bytes()), Ok(("\u{feff}", "{}")));
        assert_eq!(text(b"{}"), Ok(("", "{}")));
        assert_eq!(object(" \r\n").unwrap(), None);
    }
}
