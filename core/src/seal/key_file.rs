//! The file that holds the sealing keys where nothing better does.

use std::path::{Path, PathBuf};

use crate::folder::{ReadError, StateFolder};
use crate::{Error, SealingKeys, trust};

const FILE: &str = "seal.key";

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
    /// Refused when others could have written or read it, or when it holds something else: it is
    /// never replaced then, for what is sealed by its keys would be lost.
    pub fn read(&self) -> Result<Option<SealingKeys>, ReadError> {
        let Some(bytes) = self.folder.read_up_to(FILE, SealingKeys::LONGEST as u64)? else {
            return Ok(None);
        };
        SealingKeys::decode(&bytes).map(Some).ok_or_else(|| {
            let path = self.path();
            let (path, quoted) = (path.display(), trust::quote(&path));
            ReadError::Refused(
                Error::misconfigured(format!("`{path}` does not hold sealing keys")).with_hint(
                    format!(
                        "restore it; or run `rm {quoted}`, and all keys are fetched and all \
                         sign-ins made anew"
                    ),
                ),
            )
        })
    }
}

#[cfg(feature = "engine")]
mod writing {
    use std::fs::File;
    use std::io;

    use super::{FILE, KeyFile, ReadError, SealingKeys};
    use crate::SealingKey;
    use crate::disk::lock_file;

    /// Whoever makes or replaces a sealing key holds it.
    const LOCK: &str = "seal.lock";

    impl KeyFile {
        /// The keys, with a first one by `make` if there are none yet: whoever comes at the same time
        /// gets the same.
        ///
        /// # Errors
        /// As [`KeyFile::read`], and when the disk or `make` refuses.
        pub fn read_or_make(
            &self,
            make: impl FnOnce() -> io::Result<SealingKey>,
        ) -> Result<SealingKeys, ReadError> {
            if let Some(keys) = self.read()? {
                return Ok(keys);
            }
            self.folder.prepare()?;
            self.folder.made_once(FILE, || make().map(|key| SealingKeys::first(key).encode()))?;
            self.read()?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound).into())
        }

        /// Replaces the keys. The lock is held.
        ///
        /// # Errors
        /// When the disk refuses. Then the old ones are there.
        pub fn replace(&self, keys: &SealingKeys) -> io::Result<()> {
            self.folder.replace(FILE, &keys.encode())
        }

        /// Takes the lock of whoever makes or replaces a sealing key; `None` while somebody else has
        /// it. It dies with its holder.
        ///
        /// # Errors
        /// When the folder cannot be made, or knows no locks.
        pub fn try_lock(&self) -> Result<Option<File>, ReadError> {
            self.folder.prepare()?;
            Ok(lock_file(&self.folder().join(LOCK))?)
        }
    }
}
