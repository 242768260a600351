//! Writes files of the state folder: completely or not at all, and by one process at a time.

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
    /// Creates the folder if there is none yet, and [checks](Self::check) it.
    ///
    /// # Errors
    /// `Refused` as for `check`: nothing is written to the folder. `Io` when it cannot be created.
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
            // Created by this process, or by a faster one.
            _ => {}
        }
        self.check(&mut Trail::new())
    }

    /// A new file without a name, with `room` bytes of reserved disk space.
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

    /// Removes a file. A missing file is no error.
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
        // A random name for each file, so that none is overwritten.
        let prefix = format!("{file}.");
        let aside = draft(Builder::new().prefix(&prefix).suffix(UNREADABLE_SUFFIX), self.path())?;
        // Closed first, because Windows does not replace an open file.
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

    /// Appends `line` to the file `name`. A file above `limit` bytes is first renamed to `old`.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append(&self, name: &str, old: &str, line: &[u8], limit: u64) -> io::Result<()> {
        let path = self.path().join(name);
        // Opened for reading too: Windows locks no file that is open only for appending.
        let open = || private(File::options().read(true).append(true).create(true)).open(&path);
        let mut file = open()?;
        if file.metadata()?.len() > limit {
            // Of several processes here, one renames the file, and the others use the new one.
            if file.try_lock().is_ok() && is_still_named(&file, &path)? {
                rename(&path, &self.path().join(old))?;
            }
            file = open()?;
        }
        file.write_all(line)
    }

    /// Reads the file `name`. If there is none, `make` provides its content. Processes that do so
    /// at the same time get the same content.
    ///
    /// # Errors
    /// When the disk refuses, or the file is not ours.
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

    /// Replaces the content of the file `name`. After a crash at any step, either the old or the
    /// new content is there, complete.
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

/// A file without a name. Dropped, it is removed.
#[derive(Debug)]
pub struct Draft {
    file: NamedTempFile,
    folder: PathBuf,
}

impl Draft {
    /// Writes the complete content.
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

    /// Gives the file its name, and replaces any file of that name.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn publish(self, file: &str) -> io::Result<()> {
        replace(self.file, &self.folder.join(file))
    }
}

/// A draft in `folder`. It must be written through its file: other methods report errors with the
/// draft's path.
fn draft_in(folder: &Path) -> io::Result<NamedTempFile> {
    draft(Builder::new().suffix(DRAFT_SUFFIX), folder)
}

/// A held lock. It is released when dropped, or when the process ends, because the descriptor is
/// closed then. Children do not inherit it: the standard library opens files close-on-exec.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

/// Locks a file of its own, because a file that is replaced by renaming is another file afterwards.
fn lock_file(path: &Path) -> io::Result<Option<FileLock>> {
    loop {
        let file = private(File::options().write(true).create(true)).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Between opening and locking, a sweep may have removed the name. Then another process
        // could lock a new file of that name.
        if is_still_named(&file, path)? {
            return Ok(Some(FileLock { _file: file }));
        }
    }
}

#[cfg(test)]
mod tests;
