//! `/bin/sh -c LINE`. With `exec` the client is our parent, and no shell stays between.

use std::borrow::Cow;
use std::path::Path;

pub(super) fn split(line: &str) -> Option<Vec<String>> {
    shlex::split(line)
}

pub(super) fn is_front(program: &Path) -> bool {
    program.file_stem().is_some_and(|name| name == "api-key-helper")
}

/// A NUL ends what a program is given.
pub(super) fn can_be_quoted(text: &str) -> bool {
    shlex::try_quote(text).is_ok()
}

pub(super) fn command(program: &str) -> String {
    let word = argument(program);
    // The program stands in quotes always, so that `apply` finds the same line as before.
    if word == program { format!("exec '{program}'") } else { format!("exec {word}") }
}

/// Callers have asked [`can_be_quoted`].
pub(super) fn argument(text: &str) -> String {
    shlex::try_quote(text).map(Cow::into_owned).unwrap_or_default()
}
