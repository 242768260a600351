//! The state folder's files are written here: whole or not at all, and by one process at a time.

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use api_key_helper_files::{self as files, draft, rename, replace, sync, sync_names};
use tempfile::{Builder, NamedTempFile};
use zeroize::Zeroizing;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

use self::platform::{is_still_named, set_apart};
use crate::folder::{StateFolder, make_private_folder};
use crate::open::private;
use crate::read_error::ReadError;
use crate::trust::Trail;

/// The suffix of a draft.
pub const DRAFT_SUFFIX: &str = ".tmp";
/// The suffix of an entry that cannot be opened and was set aside.
pub const UNREADABLE_SUFFIX: &str = ".unreadable";

impl StateFolder {
    /// Makes the folder, if there is none yet, and [checks](Self::check) it.
    ///
    /// # Errors
    /// `Refused` as there: nothing is written to it. `Io` when it cannot be made.
    pub fn prepare(&self) -> Result<(), ReadError> {
        match self.check(&mut Trail::new()) {
            Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        if let Some(parent) = self.path().parent() {
            fs::create_dir_all(parent)?;
        }
        match make_private_folder(self.path()) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
            // Made, by us or by a faster process.
            _ => {}
        }
        self.check(&mut Trail::new())
    }

    /// A new file without a name, with `room` bytes of the disk set apart for it.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn draft(&self, room: u64) -> io::Result<Draft> {
        let file = draft_in(self.path())?;
        set_apart(file.as_file(), room)?;
        Ok(Draft { file, folder: self.path().to_owned() })
    }

    /// Makes the names of the folder durable.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync_names(&self) -> io::Result<()> {
        sync_names(self.path())
    }

    /// Removes a file; it is no error that there is none.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn remove(&self, file: &str) -> io::Result<()> {
        match files::remove(&self.path().join(file)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Renames a file that cannot be read, so that it is neither lost nor in the way.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn set_aside(&self, file: &str) -> io::Result<()> {
        // A name of its own for each, so that none is lost.
        let prefix = format!("{file}.");
        let aside = draft(Builder::new().prefix(&prefix).suffix(UNREADABLE_SUFFIX), self.path())?;
        // Closed, for Windows puts nothing in the place of what is open.
        let aside = aside.into_temp_path().keep()?;
        rename(&self.path().join(file), &aside)
    }

    /// Takes a lock that dies with its holder; `None` while another process has it.
    ///
    /// # Errors
    /// When the disk refuses, or knows no locks.
    pub fn try_lock(&self, file: &str) -> io::Result<Option<FileLock>> {
        lock_file(&self.path().join(file))
    }

    /// Appends `line` to the file `name`. One that has grown beyond `limit` bytes is first renamed
    /// to `old`.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append(&self, name: &str, old: &str, line: &[u8], limit: u64) -> io::Result<()> {
        let path = self.path().join(name);
        // Read as well, for Windows locks no file that is open for appending alone.
        let open = || private(File::options().read(true).append(true).create(true)).open(&path);
        let mut file = open()?;
        if file.metadata()?.len() > limit {
            // Of those who see this at once one renames, and the others take the new file.
            if file.try_lock().is_ok() && is_still_named(&file, &path)? {
                rename(&path, &self.path().join(old))?;
            }
            file = open()?;
        }
        file.write_all(line)
    }

    /// The content of the file `name`, which `make` makes if there is none: whoever comes at the
    /// same time gets the same content.
    ///
    /// # Errors
    /// When the disk refuses, or what is there is not ours.
    pub fn made_once(
        &self,
        name: &str,
        make: impl FnOnce() -> io::Result<Zeroizing<Vec<u8>>>,
    ) -> io::Result<Zeroizing<Vec<u8>>> {
        if let Some(content) = self.read_ours(name)? {
            return Ok(content);
        }
        let mut draft = draft_in(self.path())?;
        draft.as_file_mut().write_all(&make()?)?;
        sync(draft.as_file())?;
        match draft.persist_noclobber(self.path().join(name)) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(error.error);
            }
            _ => sync_names(self.path())?,
        }
        self.read_ours(name)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Replaces the content of the file `name`, so that after a crash at any step either the old or
    /// the new content is there, whole.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn replace(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut draft = draft_in(self.path())?;
        draft.as_file_mut().write_all(content)?;
        sync(draft.as_file())?;
        replace(draft, &self.path().join(name))?;
        sync_names(self.path())
    }

    fn read_ours(&self, name: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        self.read(name).map_err(|error| match error {
            ReadError::Io(error) => error,
            ReadError::Refused(error) => io::Error::other(error),
        })
    }
}

/// A file that has no name yet. Dropped, it is gone.
#[derive(Debug)]
pub struct Draft {
    file: NamedTempFile,
    folder: PathBuf,
}

impl Draft {
    /// Writes the whole content.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&mut self, content: &[u8]) -> io::Result<()> {
        let file = self.file.as_file_mut();
        file.rewind()?;
        file.write_all(content)?;
        file.set_len(content.len() as u64)
    }

    /// Makes the content durable.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&mut self) -> io::Result<()> {
        sync(self.file.as_file())
    }

    /// Gives it its name, in place of whatever had it.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn publish(self, file: &str) -> io::Result<()> {
        replace(self.file, &self.folder.join(file))
    }
}

/// A draft in `folder`, to be written by way of its file: other errors of it name the draft.
fn draft_in(folder: &Path) -> io::Result<NamedTempFile> {
    draft(Builder::new().suffix(DRAFT_SUFFIX), folder)
}

/// A lock that is held. Dropped, the descriptor closes and the lock with it; so it does when the
/// process dies. Children do not inherit it, for the standard library opens files close-on-exec.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

/// A lock of its own file, for a file that is replaced by renaming is another one afterwards.
fn lock_file(path: &Path) -> io::Result<Option<FileLock>> {
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
            return Ok(Some(FileLock { _file: file }));
        }
    }
}

#[cfg(test)]
mod tests;
