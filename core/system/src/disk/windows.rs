//! The identity of an open file on Windows, and room that is set apart for one.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Returns whether `path` still leads to the open `file`: the name of a file that is open can be
/// removed, and taken by another file.
pub(super) fn is_still_named(file: &File, path: &Path) -> io::Result<bool> {
    match File::open(path) {
        Ok(named) => Ok(crate::windows::identity(file)? == crate::windows::identity(&named)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        // Being removed.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writing takes the room.
pub(super) fn set_apart(mut file: &File, room: u64) -> io::Result<()> {
    file.write_all(&vec![0; usize::try_from(room).unwrap_or_default()])
}
