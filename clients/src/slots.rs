//! The values that this program sets in a settings file.

use std::fmt;
use std::path::Path;

use serde_json::Value;

use crate::HelperLine;
use crate::json::{self, Malformed, Position};
use crate::syntax::Syntax;

/// The places of this program's values in a client's file.
#[derive(Clone, Debug)]
pub struct Slots {
    /// The syntax of the file.
    pub syntax: Syntax,
    /// The paths of the values, the helper's first.
    pub paths: Vec<Vec<String>>,
    /// The kind of the helper's value.
    pub helper: Helper,
    /// The name of the entry if one file may have several, such as a server; otherwise empty. Each
    /// has a backup of its own.
    pub of: String,
    /// Rejects a valid text that the client would reject, or in which it would not use our values.
    pub check: fn(&Self, &str) -> Result<(), Malformed>,
}

/// The kind of command that a client runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Helper {
    /// A shell line.
    Line,
    /// The path of a program.
    Program,
}

/// A value in a file. `Debug` shows only its place.
#[derive(Clone, PartialEq)]
pub struct SlotValue {
    /// The value, which may be a secret or contain one.
    pub value: Value,
    /// The position of its first character.
    pub position: Position,
}

impl Slots {
    /// Returns the values that exist, in the order of their paths.
    ///
    /// # Errors
    /// The client would reject the file.
    pub fn find(&self, bytes: &[u8]) -> Result<Vec<Option<SlotValue>>, Malformed> {
        let (_, text) = json::text(bytes)?;
        let found = self.paths().into_iter().map(|path| {
            let found = self.syntax.value(text, &path)?;
            Ok(found.map(|(value, position)| SlotValue { value, position }))
        });
        let found = found.collect::<Result<_, Malformed>>()?;
        (self.check)(self, text)?;
        Ok(found)
    }

    /// Returns the content of a file with `values`, in the order of their paths. If they are all
    /// there, these are `bytes`; otherwise all other bytes stay the same. An empty file counts as
    /// missing.
    ///
    /// # Errors
    /// The client would reject the file.
    pub fn put(&self, bytes: &[u8], values: &[Value]) -> Result<Vec<u8>, Malformed> {
        self.fill(bytes, values.iter().map(Some))
    }

    /// Returns the content of a file without the values that were put in. If `now` was not changed
    /// since, this is `before`. Otherwise only our values are as they were before. `None` if there
    /// was no file `before`, and nothing of another author is left.
    ///
    /// # Errors
    /// The client would reject one of the files.
    pub fn take_back(
        &self,
        now: &[u8],
        before: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, Malformed> {
        let there = self.find(now)?;
        let old = before.unwrap_or_default();
        let is_as_we_left_it = self
            .fill(old, there.iter().map(|found| found.as_ref().map(|found| &found.value)))
            .is_ok_and(|left| left == now);
        if is_as_we_left_it {
            return Ok(before.map(<[u8]>::to_vec));
        }
        let (mark, text) = json::text(now)?;
        let (_, old) = json::text(old)?;
        let mut text = text.to_owned();
        for path in self.paths() {
            text = self.syntax.restore(&text, &path, old)?;
        }
        for hollow in self.folders() {
            if self.syntax.value(old, &hollow)?.is_none()
                && self.syntax.is_hollow(&text, &hollow)?
            {
                text = self.syntax.restore(&text, &hollow, old)?;
            }
        }
        let is_left = before.is_some() || !self.syntax.is_blank(&text);
        Ok(is_left.then(|| [mark, &text].concat().into_bytes()))
    }

    /// Returns whether a helper's value runs this program, and does nothing else.
    #[must_use]
    pub fn is_ours(&self, helper: &Value) -> bool {
        let Some(text) = helper.as_str() else { return false };
        match self.helper {
            Helper::Line => HelperLine::parse(text).is_some_and(|line| line.is_ours()),
            Helper::Program => {
                let name = Path::new(text).file_stem().unwrap_or_default().to_string_lossy();
                name == "api-key-helper" || name.starts_with("api-key-helper@")
            }
        }
    }

    /// Returns the name of a value, in the notation of the client's documentation.
    #[must_use]
    pub fn name(&self, index: usize) -> String {
        self.paths.get(index).map(|path| path.join(".")).unwrap_or_default()
    }

    /// Sets the values that are missing or have another meaning.
    fn fill<'a>(
        &self,
        bytes: &[u8],
        values: impl Iterator<Item = Option<&'a Value>>,
    ) -> Result<Vec<u8>, Malformed> {
        let there = self.find(bytes)?;
        let (mark, text) = json::text(bytes)?;
        let mut text = text.to_owned();
        for ((path, value), there) in self.paths().into_iter().zip(values).zip(there) {
            let is_there = |value: &&Value| {
                there.as_ref().is_some_and(|there| self.is_same(&there.value, value))
            };
            if let Some(value) = value.filter(|value| !is_there(value)) {
                text = self.syntax.set(&text, &path, value)?;
            }
        }
        Ok([mark, &text].concat().into_bytes())
    }

    /// Returns whether the client takes both for the same. Clients with JSON files read quoted
    /// numbers.
    fn is_same(&self, a: &Value, b: &Value) -> bool {
        let plain = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        a == b || (self.syntax == Syntax::Json && plain(a) == plain(b))
    }

    fn paths(&self) -> Vec<Vec<&str>> {
        self.paths.iter().map(|path| path.iter().map(String::as_str).collect()).collect()
    }

    /// Returns the paths of the tables around the values, the innermost first.
    fn folders(&self) -> Vec<Vec<&str>> {
        let mut around: Vec<Vec<&str>> = self
            .paths()
            .iter()
            .flat_map(|path| {
                (1..path.len()).map(|length| path[..length].to_vec()).collect::<Vec<_>>()
            })
            .collect();
        around.sort_by_key(|path| std::cmp::Reverse(path.len()));
        around.dedup();
        around
    }
}

impl fmt::Debug for SlotValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.position)
    }
}
