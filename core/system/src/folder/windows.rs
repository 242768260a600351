//! Owners and access lists of the state folder and its files.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use api_key_helper_files::patiently;

use super::ReadError;
use crate::trust::{Facts, privacy_objection, privacy_objection_at};

/// Refuses a folder that is not the caller's alone.
pub(super) fn check_folder(path: &Path, _: Facts) -> Result<(), ReadError> {
    privacy_objection_at(path)?.map_or(Ok(()), |error| Err(ReadError::Refused(error)))
}

/// Refuses an open file that is not the caller's alone.
pub(super) fn check_file(path: &Path, file: &File, _: &Metadata) -> Result<(), ReadError> {
    privacy_objection(path, false, file)?.map_or(Ok(()), |error| Err(ReadError::Refused(error)))
}

/// Returns whether an open file is the caller's alone.
pub fn is_own(file: &File, _: &Metadata) -> bool {
    matches!(privacy_objection(Path::new(""), false, file), Ok(None))
}

/// Returns whether there is a folder at `path` that is the caller's alone.
///
/// # Errors
/// When it cannot be reached.
pub fn is_own_folder(path: &Path) -> io::Result<bool> {
    Ok(path.is_dir() && privacy_objection_at(path)?.is_none())
}

/// Makes a folder that is the caller's alone, and so is what will be in it.
///
/// # Errors
/// When the system refuses.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    crate::windows::create_private_folder(path)
}

/// Opens for the caller alone: a new file has the rights that its folder hands down. A link is opened
/// itself, and is no plain file.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(OPEN_LINK_ITSELF)
}

/// Opens for reading, and follows no link at the end of `path`.
///
/// A file that is being replaced or removed is denied until its last reader has closed it: that passes.
pub(crate) fn open_unlinked(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // Folders are opened too, so that the caller can say that it is one.
    options.read(true).custom_flags(OPEN_LINK_ITSELF | BACKUP_SEMANTICS);
    patiently(PATIENCE, || options.open(path))
}

/// There is no such error here.
pub(crate) fn is_link(_: &io::Error) -> bool {
    false
}

/// A reader has a file open for microseconds.
const PATIENCE: Duration = Duration::from_millis(50);
/// `FILE_FLAG_OPEN_REPARSE_POINT`.
const OPEN_LINK_ITSELF: u32 = 0x0020_0000;
/// `FILE_FLAG_BACKUP_SEMANTICS`.
const BACKUP_SEMANTICS: u32 = 0x0200_0000;
