//! The folders of a user's files.

use std::ffi::OsString;
use std::path::PathBuf;

/// Reads an environment variable.
pub(crate) type Variable<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Returns the user's home folder, if it is known.
pub(crate) fn home(variable: Variable<'_>) -> Option<PathBuf> {
    folder(HOME, variable)
}

/// Returns the folder that a variable names. An empty variable names none.
pub(crate) fn folder(name: &str, variable: Variable<'_>) -> Option<PathBuf> {
    variable(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The variable that names a user's home folder.
#[cfg(not(windows))]
pub(crate) const HOME: &str = "HOME";
#[cfg(windows)]
pub(crate) const HOME: &str = "USERPROFILE";
