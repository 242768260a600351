//! File identity and disk space on Unix.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Returns whether `path` still leads to the open `file`.
pub(super) fn is_still_named(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;

    let held = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reserves disk blocks, if the file system can.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn set_apart(file: &File, room: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;

    match fallocate(file, FallocateFlags::empty(), 0, room) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        other => Ok(other?),
    }
}

/// Reserves disk space by writing: not every system has `fallocate`.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn set_apart(mut file: &File, room: u64) -> io::Result<()> {
    let zeros = vec![0; usize::try_from(room).unwrap_or_default()];
    io::Write::write_all(&mut file, &zeros)
}
