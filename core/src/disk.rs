//! The real disk under the engine.
//!
//! The files are small and the process does nothing else meanwhile, so nothing here is asynchronous
//! but its signature.

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tempfile::{Builder, NamedTempFile};
use zeroize::Zeroizing;

use crate::engine::{Disk, Draft, Lock};
use crate::folder::{ReadError, StateFolder, private};

pub(crate) const DRAFT_SUFFIX: &str = ".tmp";
pub(crate) const UNREADABLE_SUFFIX: &str = ".unreadable";

#[async_trait]
impl Disk for StateFolder {
    async fn read(&self, file: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
        Self::read(self, file)
    }

    async fn draft(&self, room: u64) -> io::Result<Box<dyn Draft>> {
        let file = draft_in(self.path())?;
        set_apart(file.as_file(), room)?;
        Ok(Box::new(FileDraft { file, folder: self.path().to_owned() }))
    }

    async fn sync_names(&self) -> io::Result<()> {
        sync_names(self.path())
    }

    async fn remove(&self, file: &str) -> io::Result<()> {
        match fs::remove_file(self.path().join(file)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    async fn set_aside(&self, file: &str) -> io::Result<()> {
        // A name of its own for each, so that none is lost.
        let aside = Builder::new()
            .prefix(&format!("{file}."))
            .suffix(UNREADABLE_SUFFIX)
            .tempfile_in(self.path())
            .map_err(without_draft)?;
        let (_, aside) = aside.keep()?;
        fs::rename(self.path().join(file), aside)
    }

    async fn try_lock(&self, file: &str) -> io::Result<Option<Box<dyn Lock>>> {
        let lock = lock_file(&self.path().join(file))?;
        Ok(lock.map(|file| Box::new(FileLock { _file: file }) as Box<dyn Lock>))
    }
}

struct FileDraft {
    file: NamedTempFile,
    folder: PathBuf,
}

#[async_trait]
impl Draft for FileDraft {
    async fn write(&mut self, content: &[u8]) -> io::Result<()> {
        let file = self.file.as_file_mut();
        file.rewind()?;
        file.write_all(content)?;
        file.set_len(content.len() as u64)
    }

    async fn sync(&mut self) -> io::Result<()> {
        self.file.as_file().sync_all()
    }

    async fn publish(self: Box<Self>, file: &str) -> io::Result<()> {
        self.file.persist(self.folder.join(file))?;
        Ok(())
    }
}

/// A draft in `folder`, to be written by way of its file: other errors of it name the draft.
pub(crate) fn draft_in(folder: &Path) -> io::Result<NamedTempFile> {
    Builder::new().suffix(DRAFT_SUFFIX).tempfile_in(folder).map_err(without_draft)
}

/// `error` of `tempfile` without the draft's name, which says nothing to anybody.
#[must_use]
pub fn without_draft(error: io::Error) -> io::Error {
    match error.to_string().rsplit_once(" at path ") {
        Some((reason, _)) => io::Error::new(error.kind(), reason.to_owned()),
        None => error,
    }
}

/// Dropped, the descriptor closes and the lock with it; so it does when the process dies. Children
/// do not inherit it, for the standard library opens files close-on-exec.
#[derive(Debug)]
struct FileLock {
    _file: File,
}

impl Lock for FileLock {}

/// A lock of its own file, for a file that is replaced by renaming is another one afterwards.
pub(crate) fn lock_file(path: &Path) -> io::Result<Option<File>> {
    loop {
        let file = private(File::options().write(true).create(true)).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Between opening and locking it, a sweep may have removed the name: then somebody else
        // can lock a new file of that name.
        if is_still_named(&file, path)? {
            return Ok(Some(file));
        }
    }
}

#[cfg(unix)]
pub(crate) fn is_still_named(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;

    let held = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Windows does not remove the name of an open file. Not tried.
#[cfg(not(unix))]
pub(crate) fn is_still_named(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Sets disk blocks apart, where the file system can.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn set_apart(file: &File, room: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;

    match fallocate(file, FallocateFlags::empty(), 0, room) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        other => Ok(other?),
    }
}

/// Elsewhere, writing takes the room. Not tried.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn set_apart(file: &File, room: u64) -> io::Result<()> {
    let zeros = vec![0; usize::try_from(room).unwrap_or_default()];
    (&*file).write_all(&zeros)
}

#[cfg(unix)]
pub(crate) fn sync_names(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows has no such call: its file systems write names through. Not tried.
#[cfg(not(unix))]
pub(crate) fn sync_names(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
#[path = "disk_tests.rs"]
mod tests;
