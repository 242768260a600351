//! Why an output is no key.

use std::fmt;

use api_key_helper_backend::text::TextError;
use api_key_helper_backend::{ErrorKind, Expiry, KeyError};

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
    /// A document without this field, or any of these.
    NoField { wanted: &'static str },
    /// Not text, or text that is no secret.
    NoText(TextError),
    /// A time that is none in this field.
    NoTime { field: &'static str },
    /// What tools print for a value that is not there.
    Placeholder(&'static str),
    /// A JSON string.
    Quoted,
    /// JSON in which this field should be a text, and is not.
    WrongType { field: &'static str },
}

impl Unreadable {
    /// What `error` is of `text`, wherever in the output it stood.
    pub(crate) fn of_key(error: KeyError, text: &str) -> Self {
        match error {
            KeyError::Empty => Self::Empty,
            KeyError::Placeholder(word) => Self::Placeholder(word),
            KeyError::Quoted => Self::Quoted,
            KeyError::Character { .. } if text.contains('\u{1b}') => Self::Coloured,
            error => Self::NoKey(error),
        }
    }

    /// A program that has nothing to print, and exits with 0 nevertheless, is a careless one in an
    /// outage: the old key must go on. One that prints something else has to be fixed.
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
            Self::NoText(error @ TextError::Utf16) => error.hint(),
            Self::LongerThan { .. } | Self::NoKey(_) | Self::NoText(_) => {
                "print the key alone on stdout, and all else on stderr"
            }
            Self::NoTime { field: "expires_in" } => "print the number of seconds that it lives",
            Self::NoTime { .. } => {
                return format!("print {}; {by_hand} to see what it prints", Expiry::EXAMPLE);
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
                write!(f, "printed JSON without a key: there is no `{wanted}`")
            }
            Self::NoText(error) => write!(f, "printed output that {error}"),
            Self::NoTime { field } => write!(f, "printed JSON in which `{field}` is not a time"),
            Self::Placeholder(word) => write!(f, "printed `{word}` instead of a key"),
            Self::Quoted => f.write_str("printed a key in quotes"),
            Self::WrongType { field } => {
                write!(f, "printed JSON in which `{field}` is not a text")
            }
        }
    }
}

impl From<TextError> for Unreadable {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Empty => Self::Empty,
            TextError::Placeholder(word) => Self::Placeholder(word),
            error => Self::NoText(error),
        }
    }
}
