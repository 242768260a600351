//! The two syntaxes of settings files: what stands at a path, and how one value is changed while all
//! else stays, byte for byte.

use serde_json::Value;

use crate::json::{self, Malformed, Position, edit};
use crate::toml;

/// How a file is written. A path is the names of tables or objects, from the outermost on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// RFC 8259, an object. Comments are mistakes.
    Json,
    /// TOML 1.1.
    Toml,
}

impl Syntax {
    /// The value at `path`, and its place.
    pub(crate) fn value(
        self,
        text: &str,
        path: &[&str],
    ) -> Result<Option<(Value, Position)>, Malformed> {
        match self {
            Self::Json => {
                let Some(range) = edit::range(text, path)? else { return Ok(None) };
                let position = json::position(text, range.start);
                // One parser has read it already, and the other one reads the same.
                Ok(serde_json::from_str(&text[range]).ok().map(|value| (value, position)))
            }
            Self::Toml => toml::value(text, path),
        }
    }

    /// `text` with `value` at `path`.
    pub(crate) fn set(self, text: &str, path: &[&str], value: &Value) -> Result<String, Malformed> {
        match self {
            Self::Json => edit::set(text, path, &value.to_string()),
            Self::Toml => toml::set(text, path, value),
        }
    }

    /// `text` with that at `path` which `old` has there, as it is spelled; with nothing there where
    /// `old` has nothing.
    pub(crate) fn restore(self, text: &str, path: &[&str], old: &str) -> Result<String, Malformed> {
        match self {
            Self::Json => match edit::literal(old, path)? {
                Some(literal) => edit::set(text, path, literal),
                None => edit::remove(text, path),
            },
            Self::Toml => toml::restore(text, path, old),
        }
    }

    /// The names in the table or the object at `path`; none where there is no such thing, or `text` is
    /// not of this syntax.
    pub(crate) fn names(self, text: &str, path: &[&str]) -> Vec<String> {
        let found = self.value(text, path).ok().flatten();
        let names = found.and_then(|(value, _)| Some(value.as_object()?.keys().cloned().collect()));
        names.unwrap_or_default()
    }

    /// Whether there is a table or an object at `path`, with nothing in it.
    pub(crate) fn is_hollow(self, text: &str, path: &[&str]) -> Result<bool, Malformed> {
        let found = self.value(text, path)?;
        Ok(found.is_some_and(|(value, _)| value.as_object().is_some_and(serde_json::Map::is_empty)))
    }

    /// Whether a file says nothing.
    pub(crate) fn is_blank(self, text: &str) -> bool {
        match self {
            Self::Json => text.trim().trim_matches(['{', '}']).trim().is_empty(),
            Self::Toml => text.trim().is_empty(),
        }
    }
}
