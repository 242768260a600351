//! The flags of Windows for it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use api_key_helper_files::patiently;

/// Opens for the caller alone: a new file has the rights that its folder hands down. A link is
/// opened itself, and is no plain file.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(OPEN_LINK_ITSELF)
}

/// Opens for reading, and follows no link at the end of `path`.
///
/// A file that is being replaced or removed is denied until its last reader has closed it: that
/// passes.
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
