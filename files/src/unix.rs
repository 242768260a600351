//! Replaces files durably, as POSIX does it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// Replaces the file at `path` with `draft`. Processes that have the old file open keep it.
///
/// # Errors
/// The file system reports an error.
pub fn replace(draft: NamedTempFile, path: &Path) -> io::Result<()> {
    draft.persist(path)?;
    Ok(())
}

/// Renames a file, and replaces one of the new name.
///
/// # Errors
/// The file system reports an error.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Removes a file.
///
/// # Errors
/// The file system reports an error.
pub fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

/// Waits until the content of `file` is on disk.
///
/// # Errors
/// The file system reports an error.
pub fn sync(file: &File) -> io::Result<()> {
    #[cfg(target_vendor = "apple")]
    return fully_or_plainly(
        || Ok(rustix::fs::fcntl_fullfsync(file)?),
        || Ok(rustix::fs::fsync(file)?),
    );
    #[cfg(not(target_vendor = "apple"))]
    file.sync_all()
}

/// macOS has two calls. `F_FULLFSYNC` also flushes the disk's cache, and some file systems lack it
/// (fcntl(2)); all file systems have fsync.
#[cfg(any(target_vendor = "apple", test))]
fn fully_or_plainly(
    fully: impl FnOnce() -> io::Result<()>,
    plainly: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    use rustix::io::Errno;

    match fully() {
        Err(error)
            if matches!(
                Errno::from_io_error(&error),
                Some(Errno::NOTSUP | Errno::INVAL | Errno::NOTTY)
            ) =>
        {
            plainly()
        }
        done => done,
    }
}

/// Waits until the names in `folder` are on disk.
///
/// # Errors
/// The file system reports an error.
pub fn sync_names(folder: &Path) -> io::Result<()> {
    sync(&File::open(folder)?)
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn fsync_falls_back_only_when_full_sync_is_unsupported() {
        for (found, expected) in [
            (Ok(()), Ok(())),
            (Err(Errno::NOTSUP), Err(Errno::DQUOT)),
            (Err(Errno::INVAL), Err(Errno::DQUOT)),
            (Err(Errno::NOTTY), Err(Errno::DQUOT)),
            (Err(Errno::IO), Err(Errno::IO)),
        ] {
            let done = fully_or_plainly(|| Ok(found?), || Err(Errno::DQUOT.into()));
            assert_eq!(done.map_err(|error| Errno::from_io_error(&error).unwrap()), expected);
        }
    }
}
