//! The real disk under the engine.
//!
//! The files are small and the process does nothing else meanwhile, so nothing here is asynchronous
//! but its signature.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use tempfile::{Builder, NamedTempFile};
use zeroize::Zeroizing;

use crate::engine::{Disk, Draft, Lock};
use crate::folder::{Privacy, ReadError, StateFolder, privacy};
use crate::{Error, Moment};

/// After this time a file that nobody wrote to is swept away.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// After this time a draft has no writer any more: it was killed.
const DRAFT_KEPT_FOR: Duration = Duration::from_secs(60 * 60);
const DRAFT_SUFFIX: &str = ".tmp";
const UNREADABLE_SUFFIX: &str = ".unreadable";

impl StateFolder {
    /// Makes the folder, if there is none yet, and checks that it is the caller's own.
    ///
    /// # Errors
    /// `Refused` when it is somebody else's or open to others: nothing is written there. `Io` when
    /// it cannot be made.
    pub fn prepare(&self) -> Result<(), ReadError> {
        let metadata = match fs::metadata(self.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut builder = DirBuilder::new();
                builder.recursive(true);
                if let Some(parent) = self.path().parent() {
                    builder.create(parent)?;
                }
                #[cfg(unix)]
                std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
                builder.create(self.path())?;
                fs::metadata(self.path())?
            }
            other => other?,
        };
        let shown = self.path().display();
        let refused = |why: String, mend: String| {
            let message = format!("the state folder `{shown}` {why}, so it is not used");
            Err(ReadError::Refused(Error::misconfigured(message).with_hint(mend)))
        };
        match privacy(&metadata) {
            _ if !metadata.is_dir() => {
                refused("is not a folder".to_owned(), format!("run `rm '{shown}'`"))
            }
            Privacy::Own => Ok(()),
            Privacy::Foreign { owner } => refused(
                format!("belongs to user {owner}"),
                "run this as that user (`sudo` without `-E`), or set `XDG_STATE_HOME`".to_owned(),
            ),
            Privacy::Loose { mode } => refused(
                format!("is open to others (mode {mode:03o})"),
                format!("run `chmod 700 '{shown}'`"),
            ),
        }
    }

    /// Removes what nobody wrote to for 30 days (drafts: for an hour), but the files that `keep` says are in use.
    ///
    /// # Errors
    /// When the folder cannot be read. Files that cannot be removed stay.
    pub fn sweep(&self, now: Moment, keep: impl Fn(&str) -> bool) -> io::Result<()> {
        for file in fs::read_dir(self.path())? {
            let file = file?;
            let name = file.file_name();
            let Some(name) = name.to_str() else { continue };
            let kept_for = if name.ends_with(DRAFT_SUFFIX) { DRAFT_KEPT_FOR } else { KEPT_FOR };
            let age = now.since(file.metadata()?.modified()?.into());
            if !is_ours(name) || keep(name) || age <= kept_for {
                continue;
            }
            // A lock is removed only by who holds it: see `try_lock`.
            if name.ends_with(".lock") && !matches!(lock_file(&file.path()), Ok(Some(_))) {
                continue;
            }
            let _ = fs::remove_file(file.path());
        }
        Ok(())
    }
}

fn is_ours(name: &str) -> bool {
    [".entry", ".failure", ".lock", ".plan", DRAFT_SUFFIX, UNREADABLE_SUFFIX]
        .iter()
        .any(|suffix| name.ends_with(suffix))
}

#[async_trait]
impl Disk for StateFolder {
    async fn read(&self, file: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
        Self::read(self, file)
    }

    async fn draft(&self, room: u64) -> io::Result<Box<dyn Draft>> {
        let file = Builder::new().suffix(DRAFT_SUFFIX).tempfile_in(self.path())?;
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
            .tempfile_in(self.path())?;
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
        self.file.rewind()?;
        self.file.write_all(content)?;
        self.file.as_file().set_len(content.len() as u64)
    }

    async fn sync(&mut self) -> io::Result<()> {
        self.file.as_file().sync_all()
    }

    async fn publish(self: Box<Self>, file: &str) -> io::Result<()> {
        self.file.persist(self.folder.join(file))?;
        Ok(())
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
fn lock_file(path: &Path) -> io::Result<Option<File>> {
    loop {
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
            options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
        }
        let file = options.open(path)?;
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
fn is_still_named(file: &File, path: &Path) -> io::Result<bool> {
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
fn is_still_named(_: &File, _: &Path) -> io::Result<bool> {
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
fn sync_names(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows has no such call: its file systems write names through. Not tried.
#[cfg(not(unix))]
fn sync_names(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
#[path = "disk_tests.rs"]
mod tests;
