//! The state folder: who may own it, and how its files are read.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::{Error, trust};

/// The largest file that is read: a key and a renewal have room in it many times over.
const MAX_FILE: u64 = 1 << 20;

/// The folder that holds plans, entries, locks and failures.
#[derive(Clone, Debug)]
pub struct StateFolder {
    path: PathBuf,
}

/// Why a file of the folder was not read.
#[derive(Debug)]
pub enum ReadError {
    /// The disk says no.
    Io(io::Error),
    /// The file might be somebody else's work, or open to somebody else. Misconfigured.
    Refused(Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl StateFolder {
    /// The folder at `path`, whether or not it exists.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The content of a file; `None` where there is none.
    ///
    /// # Errors
    /// A file that is not the caller's own, is open to others, or is no plain file is refused: it
    /// may hold what somebody else wants us to print. Links are not followed.
    pub fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
        self.read_up_to(name, MAX_FILE)
    }

    /// The same for a file that may have up to `limit` bytes.
    ///
    /// # Errors
    /// As [`StateFolder::read`].
    pub fn read_up_to(
        &self,
        name: &str,
        limit: u64,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
        let path = self.path.join(name);
        let mut file = match open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if is_link(&error) => {
                return Err(refused(&path, "is a symbolic link", "rm"));
            }
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata()?;
        check(&path, &metadata, limit)?;
        let length = usize::try_from(metadata.len()).unwrap_or_default();
        let mut content = Zeroizing::new(vec![0; length]);
        file.read_exact(&mut content)?;
        Ok(Some(content))
    }

    /// Whether somebody holds the lock of that name. Only good for deciding whether a second process
    /// is worth starting.
    #[must_use]
    pub fn is_locked(&self, name: &str) -> bool {
        let lock = open(&self.path.join(name)).map(|file| file.try_lock_shared());
        matches!(lock, Ok(Err(TryLockError::WouldBlock)))
    }
}

fn check(path: &Path, metadata: &Metadata, limit: u64) -> Result<(), ReadError> {
    let refused = |why: &str, mend: &str| Err(refused(path, why, mend));
    if !metadata.is_file() {
        return refused("is not a plain file", "rm -r");
    }
    if metadata.len() > limit {
        return refused("is larger than it can be", "rm");
    }
    match privacy(metadata) {
        Privacy::Own => Ok(()),
        Privacy::Foreign { owner } => refused(&format!("belongs to user {owner}"), "rm"),
        Privacy::Loose { mode } => {
            refused(&format!("is open to others (mode {mode:03o})"), "chmod 600")
        }
    }
}

/// The command `mend` gets the path.
fn refused(path: &Path, why: &str, mend: &str) -> ReadError {
    ReadError::Refused(
        Error::misconfigured(format!("`{}` {why}, so it is not read", path.display()))
            .with_hint(format!("run `{mend} {}`", trust::quote(path))),
    )
}

/// Who can get at a file or folder, by its owner and mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Privacy {
    /// Somebody else's.
    Foreign { owner: u32 },
    /// Ours, and others may read or write it.
    Loose { mode: u32 },
    /// Ours alone.
    Own,
}

#[cfg(unix)]
pub(crate) fn privacy(metadata: &Metadata) -> Privacy {
    use std::os::unix::fs::MetadataExt as _;

    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o777);
    if owner != rustix::process::geteuid().as_raw() {
        Privacy::Foreign { owner }
    } else if mode & 0o077 != 0 {
        Privacy::Loose { mode }
    } else {
        Privacy::Own
    }
}

/// Elsewhere the folder inherits the access rights of the user's profile. Not tried.
#[cfg(not(unix))]
pub(crate) fn privacy(_: &Metadata) -> Privacy {
    Privacy::Own
}

/// Opens for the caller alone, and follows no link.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    // Without waiting, for somebody may have put a FIFO there.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    File::options().read(true).custom_flags(flags.cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Whether opening failed because a link was not followed: ELOOP, and EMLINK on FreeBSD.
#[cfg(unix)]
fn is_link(error: &io::Error) -> bool {
    use rustix::io::Errno;

    matches!(Errno::from_io_error(error), Some(Errno::LOOP | Errno::MLINK))
}

#[cfg(not(unix))]
fn is_link(_: &io::Error) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn folder() -> (tempfile::TempDir, StateFolder) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        (folder, StateFolder::new(path))
    }

    fn refusal(folder: &StateFolder, name: &str) -> Error {
        match folder.read(name) {
            Err(ReadError::Refused(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    fn put(folder: &StateFolder, name: &str, mode: u32) {
        let path = folder.path().join(name);
        fs::write(&path, "content").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn reads_what_is_ours() {
        let (_guard, folder) = folder();
        put(&folder, "a", 0o600);
        assert_eq!(**folder.read("a").unwrap().unwrap(), *b"content");
        assert!(folder.read("b").unwrap().is_none());
    }

    #[test]
    fn refuses_what_others_can_touch() {
        let (_guard, folder) = folder();
        put(&folder, "a", 0o640);
        let error = refusal(&folder, "a");
        assert!(error.message().contains("mode 640"), "{error}");
        assert!(error.hint().unwrap().starts_with("run `chmod 600 "), "{error:?}");
    }

    #[test]
    fn refuses_what_is_no_plain_file() {
        let (_guard, folder) = folder();
        put(&folder, "target", 0o600);
        symlink(folder.path().join("target"), folder.path().join("link")).unwrap();
        assert!(refusal(&folder, "link").message().contains("is a symbolic link"));
        fs::create_dir(folder.path().join("folder")).unwrap();
        assert!(refusal(&folder, "folder").message().contains("is not a plain file"));
        let mode = rustix::fs::Mode::RUSR;
        let fifo = folder.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert!(refusal(&folder, "fifo").message().contains("is not a plain file"));
    }

    #[test]
    fn refuses_what_is_too_large() {
        let (_guard, folder) = folder();
        put(&folder, "a", 0o600);
        let file = File::options().write(true).open(folder.path().join("a")).unwrap();
        file.set_len(MAX_FILE + 1).unwrap();
        assert!(refusal(&folder, "a").message().contains("larger"));
    }
}
