//! The file with the sealing keys, used without a better store.

use std::io;
use std::path::{Path, PathBuf};

use super::at_rest;
use crate::trust::Trail;
use crate::{Error, FileLock, ReadError, SealingKey, SealingKeys, StateFolder, advice};

const FILE: &str = "seal.key";
/// The lock for creating or replacing a sealing key.
const LOCK: &str = "seal.lock";
/// The largest size of the file in bytes.
const LONGEST: usize = SealingKeys::LONGEST + at_rest::ADDED;

/// The file with the sealing keys. Its folder must be the caller's alone, as the state folder must,
/// and is otherwise not read.
#[derive(Clone, Debug)]
pub struct KeyFile {
    folder: StateFolder,
}

impl KeyFile {
    /// The file in `folder`, which need not exist.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder: StateFolder::new(folder) }
    }

    /// The folder of the file.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder().join(FILE)
    }

    /// Reads the keys; `None` if there are none yet.
    ///
    /// # Errors
    /// Refused if others could have read or written the file or its folder, or if it contains
    /// anything else. It is not replaced then, because the entries sealed by its keys would be
    /// lost.
    pub fn read(&self, trail: &mut Trail) -> Result<Option<SealingKeys>, ReadError> {
        match self.folder.check(trail) {
            Err(ReadError::Io(error)) if is_absent(&error) => return Ok(None),
            other => other?,
        }
        let Some(bytes) = self.folder.read_up_to(FILE, LONGEST as u64)? else {
            return Ok(None);
        };
        let bytes = at_rest::open(bytes).map_err(|error| self.useless(&format!(": {error}")))?;
        SealingKeys::decode(&bytes).map(Some).ok_or_else(|| self.useless(""))
    }

    /// Reads the keys. If there are none yet, `make` creates the first one. Processes that do so at
    /// the same time get the same key.
    ///
    /// # Errors
    /// As [`KeyFile::read`], and when the disk or `make` fails.
    pub fn read_or_make(
        &self,
        make: impl FnOnce() -> io::Result<SealingKey>,
    ) -> Result<SealingKeys, ReadError> {
        if let Some(keys) = self.read(&mut Trail::new())? {
            return Ok(keys);
        }
        self.folder.prepare()?;
        self.folder.made_once(FILE, || at_rest::close(SealingKeys::first(make()?).encode()))?;
        self.read(&mut Trail::new())?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound).into())
    }

    /// Replaces the keys. The lock must be held.
    ///
    /// # Errors
    /// When the disk refuses. Then the old keys are still there.
    pub fn replace(&self, keys: &SealingKeys) -> io::Result<()> {
        self.folder.replace(FILE, &at_rest::close(keys.encode())?)
    }

    /// Takes the lock for creating or replacing a sealing key; `None` while another process holds
    /// it. It ends with its process.
    ///
    /// # Errors
    /// When the folder cannot be created, or supports no locks.
    pub fn try_lock(&self) -> Result<Option<FileLock>, ReadError> {
        self.folder.prepare()?;
        Ok(self.folder.try_lock(LOCK)?)
    }

    fn useless(&self, why: &str) -> ReadError {
        let path = self.path();
        let (path, remove) = (path.display(), advice::remove(&path));
        ReadError::Refused(
            Error::misconfigured(format!("`{path}` does not hold sealing keys{why}")).with_hint(
                format!(
                    "restore it; or run `{remove}`: then all keys are fetched again, and each sign-in \
                     is needed again"
                ),
            ),
        )
    }
}

/// Returns whether there is no file. `NotADirectory` covers an environment that names no folder.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn sealing_key_file_in_an_impossible_folder_is_none() {
        // As in the environment of a service.
        let keys = KeyFile::new("/dev/null/api-key-helper".into()).read(&mut Trail::new());
        assert!(matches!(keys, Ok(None)), "{keys:?}");
    }
}
