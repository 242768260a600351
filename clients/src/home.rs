//! Where a user's files are.

use std::ffi::OsString;
use std::path::PathBuf;

/// Reads an environment variable.
pub(crate) type Variable<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The user's home, where it is known.
pub(crate) fn home(variable: Variable<'_>) -> Option<PathBuf> {
    folder(HOME, variable)
}

/// The folder that a variable names. An empty one names none.
pub(crate) fn folder(name: &str, variable: Variable<'_>) -> Option<PathBuf> {
    variable(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The variable that names a user's home.
#[cfg(not(windows))]
pub(crate) const HOME: &str = "HOME";
#[cfg(windows)]
pub(crate) const HOME: &str = "USERPROFILE";
