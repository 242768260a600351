//! Replaces a file as a whole, durably, or not at all: a draft in the same folder is written,
//! synced, and renamed over the file.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

#[cfg(unix)]
pub use unix::{remove, rename, replace, sync, sync_names};
#[cfg(windows)]
pub use windows::{patiently, remove, rename, replace, sync, sync_names};

/// Makes a draft in `folder`, with mode 0600. Write it through `as_file_mut`: the errors of the
/// draft itself contain its path.
///
/// # Errors
/// The folder is not writable. The error leaves out the draft's name, which means nothing to a
/// reader.
pub fn draft(builder: &Builder<'_, '_>, folder: &Path) -> io::Result<NamedTempFile> {
    draft_of_mode(builder, folder, 0o600)
}

/// The same, with these permissions on Unix. On Windows a file inherits those of its folder.
///
/// # Errors
/// As [`draft`].
pub fn draft_of_mode(
    builder: &Builder<'_, '_>,
    folder: &Path,
    mode: u32,
) -> io::Result<NamedTempFile> {
    // The library's own way to open it puts the draft's name into the error.
    builder.make_in(folder, |path| {
        let mut options = File::options();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
        #[cfg(not(unix))]
        let _ = mode;
        options.open(path)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    #[test]
    fn settings_file_draft_replaces_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        let mut new = draft(&Builder::new(), folder.path()).unwrap();
        new.as_file_mut().write_all(b"new").unwrap();
        sync(new.as_file()).unwrap();
        replace(new, &path).unwrap();
        sync_names(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn settings_file_draft_error_names_no_temporary_path() {
        let folder = tempfile::tempdir().unwrap();
        let error = draft(&Builder::new(), &folder.path().join("none")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.raw_os_error().is_some(), "{error}");
        assert!(!error.to_string().contains("none"), "{error}");
    }
}
