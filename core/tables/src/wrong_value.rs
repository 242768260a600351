//! A value that its type cannot be read from, as data: serde's own messages quote the value, which
//! may be a secret in the wrong place.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

/// The error of a value or a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WrongValue {
    /// The table has no such key, and must have one.
    MissingKey(String),
    /// The table has a key that its type does not have.
    UnknownKey { key: String, known: &'static [&'static str] },
    /// The string is none of the values that the type has.
    UnknownName { name: String, known: &'static [&'static str] },
    /// The value is of another type, or out of its bounds.
    OtherType { found: Found, expected: String },
    /// A type of ours refuses the value, in its own words.
    Refused(String),
}

/// The value that is there. A string is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Bool(bool),
    Date,
    List,
    Number(String),
    String,
    Table,
}

impl WrongValue {
    /// A value that is no table.
    pub(super) fn no_table(found: Unexpected<'_>) -> Self {
        Self::invalid_type(found, &TABLE)
    }

    /// The fix, where `path` is the place of the value or table.
    pub(super) fn hint(&self, path: &str) -> String {
        match self {
            Self::MissingKey(key) => format!("add `{key}` to `{path}`"),
            Self::UnknownKey { known, .. } | Self::UnknownName { known, .. } => {
                format!("write {}", one_of(known))
            }
            // It nearly always is a duration without its unit.
            Self::OtherType { found: Found::Number(_), expected } if expected == STRING => {
                "put it in quotes; a duration needs a unit, such as `\"90s\"`".to_owned()
            }
            Self::OtherType { .. } | Self::Refused(_) => {
                "correct the value at that place".to_owned()
            }
        }
    }
}

/// The message, in the terms of TOML.
impl fmt::Display for WrongValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingKey(key) => write!(f, "`{key}` is missing"),
            Self::UnknownKey { key, .. } => write!(f, "unknown key `{key}`"),
            Self::UnknownName { name, .. } => write!(f, "`{name}` is not a valid value"),
            Self::OtherType { found, expected } => write!(f, "expected {expected}, found {found}"),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for WrongValue {}

impl Error for WrongValue {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Self::Refused(why.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::OtherType { found: found.into(), expected: type_name(expected) }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownName { name: name.to_owned(), known }
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownKey { key: key.to_owned(), known }
    }

    fn missing_field(key: &'static str) -> Self {
        Self::MissingKey(key.to_owned())
    }
}

impl From<Unexpected<'_>> for Found {
    fn from(found: Unexpected<'_>) -> Self {
        match found {
            Unexpected::Bool(value) => Self::Bool(value),
            Unexpected::Signed(number) => Self::Number(number.to_string()),
            Unexpected::Unsigned(number) => Self::Number(number.to_string()),
            Unexpected::Float(number) => Self::Number(format!("{number:?}")),
            Unexpected::Other(DATE) => Self::Date,
            Unexpected::Seq => Self::List,
            Unexpected::Map => Self::Table,
            _ => Self::String,
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "`{value}`"),
            Self::Date => f.write_str(DATE),
            Self::List => f.write_str("a list"),
            Self::Number(number) => write!(f, "the number `{number}`"),
            Self::String => f.write_str(STRING),
            Self::Table => f.write_str(TABLE),
        }
    }
}

/// The name of the expected type. Types of the standard library have names of Rust; ours are
/// readable.
fn type_name(expected: &dyn Expected) -> String {
    let name = expected.to_string();
    match &*name {
        "path string" => STRING.to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => TABLE.to_owned(),
        "u32" => format!("a whole number from 0 to {}", u32::MAX),
        "u64" => "a whole number from 0 on".to_owned(),
        _ => name,
    }
}

fn one_of(known: &[&str]) -> String {
    match known {
        [only] => format!("`{only}`"),
        [one, other] => format!("`{one}` or `{other}`"),
        _ => format!("one of `{}`", known.join("`, `")),
    }
}

/// The name of a date for [`Unexpected::Other`].
pub(super) const DATE: &str = "a date";
const TABLE: &str = "a table";
const STRING: &str = "a string";

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(wrong: &WrongValue) -> String {
        wrong.hint("source.a")
    }

    #[test]
    fn toml_value_of_wrong_type_is_described_without_the_string() {
        for (found, expected, message) in [
            (
                Unexpected::Str("hunter2"),
                "u32",
                "expected a whole number from 0 to 4294967295, found a string",
            ),
            (
                Unexpected::Signed(-1),
                "u64",
                "expected a whole number from 0 on, found the number `-1`",
            ),
            (Unexpected::Float(1.0), "a table", "expected a table, found the number `1.0`"),
            (Unexpected::Bool(true), "a sequence", "expected a list, found `true`"),
            (Unexpected::Seq, "a map", "expected a table, found a list"),
            (Unexpected::Other(DATE), "path string", "expected a string, found a date"),
            (Unexpected::Map, "a boolean", "expected `true` or `false`, found a table"),
        ] {
            let wrong = WrongValue::invalid_type(found, &expected);
            assert_eq!(wrong.to_string(), message);
            assert_eq!(hint(&wrong), "correct the value at that place");
        }
        let wrong = WrongValue::invalid_type(Unexpected::Signed(5), &"a string");
        assert_eq!(wrong.to_string(), "expected a string, found the number `5`");
        assert!(hint(&wrong).starts_with("put it in quotes"), "{}", hint(&wrong));
        assert_eq!(WrongValue::custom("our words").to_string(), "our words");
    }

    #[test]
    fn unknown_toml_key_or_value_has_the_known_names_in_its_hint() {
        for (wrong, message, fix) in [
            (WrongValue::missing_field("path"), "`path` is missing", "add `path` to `source.a`"),
            (WrongValue::unknown_field("b", &["a"]), "unknown key `b`", "write `a`"),
            (WrongValue::unknown_field("c", &["a", "b"]), "unknown key `c`", "write `a` or `b`"),
            (
                WrongValue::unknown_variant("d", &["a", "b", "c"]),
                "`d` is not a valid value",
                "write one of `a`, `b`, `c`",
            ),
        ] {
            assert_eq!((wrong.to_string(), hint(&wrong)), (message.to_owned(), fix.to_owned()));
        }
    }
}
