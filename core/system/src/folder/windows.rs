//! Owners and access lists of the state folder and its files.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

use crate::read_error::ReadError;
use crate::trust::{Facts, privacy_objection, privacy_objection_at};

/// Refuses a folder to which others have access.
pub(super) fn check_folder(path: &Path, _: Facts) -> Result<(), ReadError> {
    privacy_objection_at(path)?.map_or(Ok(()), |error| Err(ReadError::Refused(error)))
}

/// Refuses an open file to which others have access.
pub(super) fn check_file(path: &Path, file: &File, _: &Metadata) -> Result<(), ReadError> {
    privacy_objection(path, false, file)?.map_or(Ok(()), |error| Err(ReadError::Refused(error)))
}

/// Returns whether only the caller has access to an open file.
pub fn is_own(file: &File, _: &Metadata) -> bool {
    matches!(privacy_objection(Path::new(""), false, file), Ok(None))
}

/// Returns whether there is a folder at `path` to which only the caller has access.
///
/// # Errors
/// When it cannot be reached.
pub fn is_own_folder(path: &Path) -> io::Result<bool> {
    Ok(path.is_dir() && privacy_objection_at(path)?.is_none())
}

/// Creates a folder to which only the caller has access, now and for its future files.
///
/// # Errors
/// When the system refuses.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    crate::windows::create_private_folder(path)
}
