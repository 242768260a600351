//! The two syntaxes of settings files. Reads and changes one value, and leaves all other bytes.

use serde_json::Value;

use crate::json::{self, Malformed, Position, edit};
use crate::toml;

/// The syntax of a file. A path is the names of tables or objects, from the outermost on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// An object of RFC 8259. Comments are errors.
    Json,
    /// TOML 1.1.
    Toml,
}

impl Syntax {
    /// Returns the value at `path`, and its place.
    pub(crate) fn value(
        self,
        text: &str,
        path: &[&str],
    ) -> Result<Option<(Value, Position)>, Malformed> {
        match self {
            Self::Json => {
                let Some(range) = edit::range(text, path)? else { return Ok(None) };
                let position = json::position(text, range.start);
                // The other parser has accepted this text.
                Ok(serde_json::from_str(&text[range]).ok().map(|value| (value, position)))
            }
            Self::Toml => toml::value(text, path),
        }
    }

    /// Returns `text` with `value` at `path`.
    pub(crate) fn set(self, text: &str, path: &[&str], value: &Value) -> Result<String, Malformed> {
        match self {
            Self::Json => edit::set(text, path, &value.to_string()),
            Self::Toml => toml::set(text, path, value),
        }
    }

    /// Returns `text` with the value that `old` has at `path`, in its spelling; without a value if
    /// `old` has none.
    pub(crate) fn restore(self, text: &str, path: &[&str], old: &str) -> Result<String, Malformed> {
        match self {
            Self::Json => match edit::literal(old, path)? {
                Some(literal) => edit::set(text, path, literal),
                None => edit::remove(text, path),
            },
            Self::Toml => toml::restore(text, path, old),
        }
    }

    /// Returns the names in the table or object at `path`; none if it is missing, or `text` is
    /// invalid.
    pub(crate) fn names(self, text: &str, path: &[&str]) -> Vec<String> {
        let found = self.value(text, path).ok().flatten();
        let names = found.and_then(|(value, _)| Some(value.as_object()?.keys().cloned().collect()));
        names.unwrap_or_default()
    }

    /// Returns whether the value at `path` is an empty table or object.
    pub(crate) fn is_hollow(self, text: &str, path: &[&str]) -> Result<bool, Malformed> {
        let found = self.value(text, path)?;
        Ok(found.is_some_and(|(value, _)| value.as_object().is_some_and(serde_json::Map::is_empty)))
    }

    /// Returns whether a file has no settings.
    pub(crate) fn is_blank(self, text: &str) -> bool {
        match self {
            Self::Json => text.trim().trim_matches(['{', '}']).trim().is_empty(),
            Self::Toml => text.trim().is_empty(),
        }
    }
}
