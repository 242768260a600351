//! File identity and disk space on Windows.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Returns whether `path` still leads to the open `file`. Windows can remove the name of an open
/// file and give it to another one.
pub(super) fn is_still_named(file: &File, path: &Path) -> io::Result<bool> {
    match File::open(path) {
        Ok(named) => Ok(crate::windows::identity(file)? == crate::windows::identity(&named)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        // The file is being removed.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reserves disk space by writing.
pub(super) fn set_apart(mut file: &File, room: u64) -> io::Result<()> {
    file.write_all(&vec![0; usize::try_from(room).unwrap_or_default()])
}
