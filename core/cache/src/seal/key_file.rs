//! The file that holds the sealing keys where nothing better does.

use std::io;
use std::path::{Path, PathBuf};

use super::at_rest;
use crate::trust::Trail;
use crate::{Error, FileLock, ReadError, SealingKey, SealingKeys, StateFolder, advice};

const FILE: &str = "seal.key";
/// Whoever makes or replaces a sealing key holds it.
const LOCK: &str = "seal.lock";
/// The length of the greatest file, in bytes.
const LONGEST: usize = SealingKeys::LONGEST + at_rest::ADDED;

/// The file with the sealing keys, in a folder of its own that is looked after as the state folder
/// is: the caller's alone, and never read where it is not.
#[derive(Clone, Debug)]
pub struct KeyFile {
    folder: StateFolder,
}

impl KeyFile {
    /// The file in `folder`, whether or not it exists.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder: StateFolder::new(folder) }
    }

    /// The folder that it is in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder().join(FILE)
    }

    /// The keys; `None` where there are none yet.
    ///
    /// # Errors
    /// Refused when others could have written or read it, or its folder, or when it holds something
    /// else: it is never replaced then, for what is sealed by its keys would be lost.
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

    /// The keys, with a first one by `make` if there are none yet: whoever comes at the same time
    /// gets the same.
    ///
    /// # Errors
    /// As [`KeyFile::read`], and when the disk or `make` refuses.
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

    /// Replaces the keys. The lock is held.
    ///
    /// # Errors
    /// When the disk refuses. Then the old ones are there.
    pub fn replace(&self, keys: &SealingKeys) -> io::Result<()> {
        self.folder.replace(FILE, &at_rest::close(keys.encode())?)
    }

    /// Takes the lock of whoever makes or replaces a sealing key; `None` while somebody else has
    /// it. It dies with its holder.
    ///
    /// # Errors
    /// When the folder cannot be made, or knows no locks.
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

/// Whether there is nothing: no folder, or a file in the way to it, as where the environment names
/// none.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn sealing_key_file_in_an_impossible_folder_is_none() {
        // As the environment of a service has it.
        let keys = KeyFile::new("/dev/null/api-key-helper".into()).read(&mut Trail::new());
        assert!(matches!(keys, Ok(None)), "{keys:?}");
    }
}
