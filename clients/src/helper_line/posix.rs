//! `/bin/sh -c LINE`. With `exec`, no shell stays between the client and this program.

use std::borrow::Cow;
use std::path::Path;

pub(super) fn split(line: &str) -> Option<Vec<String>> {
    shlex::split(line)
}

pub(super) fn is_front(program: &Path) -> bool {
    program.file_stem().is_some_and(|name| name == "api-key-helper")
}

/// A NUL cannot be part of an argument.
pub(super) fn can_be_quoted(text: &str) -> bool {
    shlex::try_quote(text).is_ok()
}

pub(super) fn command(program: &str) -> String {
    let word = argument(program);
    // The program is always quoted, so that `apply` recognises the line of earlier versions.
    if word == program { format!("exec '{program}'") } else { format!("exec {word}") }
}

/// Quotes a word for which [`can_be_quoted`] is true.
pub(super) fn argument(text: &str) -> String {
    shlex::try_quote(text).map(Cow::into_owned).unwrap_or_default()
}
