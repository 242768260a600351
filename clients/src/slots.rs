//! The values of a settings file that are this program's, put in and taken back.

use std::fmt;
use std::path::Path;

use serde_json::Value;

use crate::HelperLine;
use crate::json::{self, Malformed, Position};
use crate::syntax::Syntax;

/// Which values of a client's file are this program's.
#[derive(Clone, Debug)]
pub struct Slots {
    /// How the file is written.
    pub syntax: Syntax,
    /// Where the values stand, the helper's first.
    pub paths: Vec<Vec<String>>,
    /// What the helper's value is.
    pub helper: Helper,
    /// Which of several that one file may have, such as a server's name; empty where there is one. What
    /// the file was before is kept for each.
    pub of: String,
    /// Refuses a text, which is of the syntax, where the client would, or has no use for our values.
    pub check: fn(&Self, &str) -> Result<(), Malformed>,
}

/// What a client runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Helper {
    /// A line of the shell.
    Line,
    /// A program by its path.
    Program,
}

/// A value in a file. `Debug` shows its place alone.
#[derive(Clone, PartialEq)]
pub struct Found {
    /// The value, which may be a secret, or have one in it.
    pub value: Value,
    /// Where it begins.
    pub position: Position,
}

impl Slots {
    /// The values that are there, in the order of their paths.
    ///
    /// # Errors
    /// When the client would refuse the file.
    pub fn find(&self, bytes: &[u8]) -> Result<Vec<Option<Found>>, Malformed> {
        let (_, text) = json::text(bytes)?;
        let found = self.paths().into_iter().map(|path| {
            let found = self.syntax.value(text, &path)?;
            Ok(found.map(|(value, position)| Found { value, position }))
        });
        let found = found.collect::<Result<_, Malformed>>()?;
        (self.check)(self, text)?;
        Ok(found)
    }

    /// The content of a file with `values` in it, in the order of their paths: `bytes` themselves
    /// where they are there already, and otherwise all else as it was, byte for byte. An empty file is
    /// none.
    ///
    /// # Errors
    /// When the client would refuse the file.
    pub fn put(&self, bytes: &[u8], values: &[Value]) -> Result<Vec<u8>, Malformed> {
        self.fill(bytes, values.iter().map(Some))
    }

    /// The content of a file without what was put into it: `before`, byte for byte, unless `now` has
    /// been changed since. Then only our values are as they were before. `None` where there was no
    /// file `before`, and nothing is left that somebody else has written.
    ///
    /// # Errors
    /// When the client would refuse one of the files.
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

    /// Whether a helper's value is this program, and does nothing else.
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

    /// The name of a value, as people write it.
    #[must_use]
    pub fn name(&self, index: usize) -> String {
        self.paths.get(index).map(|path| path.join(".")).unwrap_or_default()
    }

    /// Puts in what is not there with the same meaning.
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

    /// Whether the client takes both for the same. Those whose files are JSON read a number in quotes.
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

    /// What is around the values, the innermost first.
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

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.position)
    }
}
