//! Opening files on Windows.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use api_key_helper_files::patiently;

/// Opens a link itself, which is no plain file. A new file inherits its folder's permissions.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(OPEN_LINK_ITSELF)
}

/// Opens for reading, and does not follow a link at the end of `path`.
///
/// A file that is being replaced or removed is denied until its last reader closes it, so opening
/// is retried.
pub(crate) fn open_unlinked(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // Opens folders too, so that the caller can report them.
    options.read(true).custom_flags(OPEN_LINK_ITSELF | BACKUP_SEMANTICS);
    patiently(PATIENCE, || options.open(path))
}

/// Links cause no error on Windows.
pub(crate) fn is_link(_: &io::Error) -> bool {
    false
}

/// A reader has a file open for microseconds.
const PATIENCE: Duration = Duration::from_millis(50);
/// `FILE_FLAG_OPEN_REPARSE_POINT`.
const OPEN_LINK_ITSELF: u32 = 0x0020_0000;
/// `FILE_FLAG_BACKUP_SEMANTICS`.
const BACKUP_SEMANTICS: u32 = 0x0200_0000;
