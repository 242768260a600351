//! How POSIX replaces a file, and makes that last.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// Puts `draft` in the place of the file at `path`. Those who read the old one go on.
///
/// # Errors
/// Those of the file system.
pub fn replace(draft: NamedTempFile, path: &Path) -> io::Result<()> {
    draft.persist(path)?;
    Ok(())
}

/// Renames a file, in place of another one.
///
/// # Errors
/// Those of the file system.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Removes a file.
///
/// # Errors
/// Those of the file system.
pub fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

/// Waits until the content of `file` is on the disk.
///
/// # Errors
/// Those of the file system.
pub fn sync(file: &File) -> io::Result<()> {
    #[cfg(target_vendor = "apple")]
    return fully_or_plainly(
        || Ok(rustix::fs::fcntl_fullfsync(file)?),
        || Ok(rustix::fs::fsync(file)?),
    );
    #[cfg(not(target_vendor = "apple"))]
    file.sync_all()
}

/// macOS has two: `F_FULLFSYNC`, which also empties the disk's own cache, and which some file
/// systems refuse (fcntl(2)); and fsync, which all have.
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

/// Waits until the names in `folder` are on the disk.
///
/// # Errors
/// Those of the file system.
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
