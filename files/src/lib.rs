//! Replaces a file as a whole, durably, or not at all: a draft in the same folder is written,
//! synced, and renamed over the file.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

#[cfg(unix)]
pub use unix::{remove, rename, replace, sync, sync_names};
#[cfg(windows)]
pub use windows::{patiently, remove, rename, replace, sync, sync_names};

/// Makes a draft in `folder`, with mode 0600 unless `builder` sets another. Write it through
/// `as_file_mut`: the errors of the draft itself contain its path.
///
/// # Errors
/// The folder is not writable. The error leaves out the draft's name, which means nothing to a
/// reader.
pub fn draft(builder: &Builder<'_, '_>, folder: &Path) -> io::Result<NamedTempFile> {
    builder.tempfile_in(folder).map_err(|error| match error.to_string().rsplit_once(" at path ") {
        Some((reason, _)) => io::Error::new(error.kind(), reason.to_owned()),
        None => error,
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
        assert!(!error.to_string().contains("at path"), "{error}");
    }
}
