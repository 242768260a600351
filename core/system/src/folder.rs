//! The state folder: its permissions, and reading its files.

use std::fs::{File, Metadata, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use api_key_helper_values::{Error, Moment};

use crate::advice;
use crate::open::{is_link, open_unlinked};
use crate::read_error::ReadError;
use crate::short_lived::close;
use crate::trust::{Kind, Trail};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

use platform::{check_file, check_folder};
pub use platform::{is_own, is_own_folder, make_private_folder};

/// The largest size of a file. A key and a renewal are far smaller.
const MAX_FILE: u64 = 1 << 20;

/// The folder that holds plans, entries, locks and failures.
#[derive(Clone, Debug)]
pub struct StateFolder {
    path: PathBuf,
}

impl StateFolder {
    /// The folder at `path`, which need not exist.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The folder's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that this is a folder, that it is the caller's and closed to others, and that no
    /// other user can replace it. `read` relies on that, and does not check again.
    ///
    /// # Errors
    /// `Refused` if the check fails. `Io` if the folder cannot be reached, or does not exist.
    pub fn check(&self, trail: &mut Trail) -> Result<(), ReadError> {
        let facts = trail.reach(&self.path)?;
        if facts.kind != Kind::Folder {
            let path = self.path.display();
            let message = format!("the folder `{path}` is not a folder, so it is not used");
            let hint = format!("run `{}`", advice::remove(&self.path));
            return Err(ReadError::Refused(Error::misconfigured(message).with_hint(hint)));
        }
        check_folder(&self.path, facts)
    }

    /// The content of a file; `None` if there is none.
    ///
    /// # Errors
    /// `Refused` for a file that is not the caller's, is open to others, or is no plain file:
    /// another user may have written a key into it. Links are not followed.
    pub fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
        self.read_up_to(name, MAX_FILE)
    }

    /// The content of a file of up to `limit` bytes; `None` if there is none.
    ///
    /// # Errors
    /// As [`StateFolder::read`].
    pub fn read_up_to(
        &self,
        name: &str,
        limit: u64,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
        let found = self.open_checked(name, limit)?;
        found.map(|(file, metadata)| content(file, &metadata)).transpose()
    }

    /// The content of a file that is used at `now`. Used files are not swept.
    ///
    /// # Errors
    /// As [`StateFolder::read`].
    pub fn read_in_use(
        &self,
        name: &str,
        now: Moment,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
        let Some((file, metadata)) = self.open_checked(name, MAX_FILE)? else { return Ok(None) };
        note_use(&file, &metadata, now);
        content(file, &metadata).map(Some)
    }

    /// Notes that a file is used at `now`, if it exists and is ours.
    pub fn note_use(&self, name: &str, now: Moment) {
        if let Ok(Some((file, metadata))) = self.open_checked(name, MAX_FILE) {
            note_use(&file, &metadata, now);
        }
    }

    fn open_checked(&self, name: &str, limit: u64) -> Result<Option<(File, Metadata)>, ReadError> {
        let path = self.path.join(name);
        let file = match open_unlinked(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if is_link(&error) => {
                return Err(ReadError::refused_file(
                    &path,
                    "is a symbolic link",
                    &advice::remove(&path),
                ));
            }
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata()?;
        check(&path, &file, &metadata, limit)?;
        Ok(Some((file, metadata)))
    }

    /// Returns whether a process holds the lock of that name. The answer may be outdated at once,
    /// so it only serves to avoid starting a second process.
    #[must_use]
    pub fn is_locked(&self, name: &str) -> bool {
        let lock = open_unlinked(&self.path.join(name)).map(|file| file.try_lock_shared());
        matches!(lock, Ok(Err(TryLockError::WouldBlock)))
    }
}

fn content(mut file: File, metadata: &Metadata) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let length = usize::try_from(metadata.len()).unwrap_or_default();
    let mut content = Zeroizing::new(vec![0; length]);
    file.read_exact(&mut content)?;
    close(file);
    Ok(content)
}

/// Notes a use in the file's modification time, which the sweep reads. The access time would cost
/// nothing, but many disks are mounted `noatime`, and a backup reads every file.
fn note_use(file: &File, metadata: &Metadata, now: Moment) {
    let is_noted = |noted: SystemTime| now.since(noted.into()) <= USE_NOTED_FOR;
    if !metadata.modified().is_ok_and(is_noted) {
        // A read-only disk is not swept either.
        let _ = file.set_modified(now.into());
    }
}

/// The interval between two notes, because a hit writes nothing else.
const USE_NOTED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

fn check(path: &Path, file: &File, metadata: &Metadata, limit: u64) -> Result<(), ReadError> {
    if !metadata.is_file() {
        return Err(ReadError::refused_file(
            path,
            "is not a plain file",
            &advice::remove_all(path),
        ));
    }
    if metadata.len() > limit {
        return Err(ReadError::refused_file(
            path,
            "is larger than it can be",
            &advice::remove(path),
        ));
    }
    check_file(path, file, metadata)
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
    fn state_folder_file_of_mode_0600_is_read() {
        let (_guard, folder) = folder();
        put(&folder, "a", 0o600);
        assert_eq!(**folder.read("a").unwrap().unwrap(), *b"content");
        assert!(folder.read("b").unwrap().is_none());
    }

    #[test]
    fn state_folder_file_use_is_noted_once_a_day() {
        let (_guard, folder) = folder();
        put(&folder, "a", 0o400);
        let modified = || fs::metadata(folder.path().join("a")).unwrap().modified().unwrap();
        let written = modified();
        let after = |hours: u64| Moment::from(written + Duration::from_secs(hours * 60 * 60));
        folder.read_in_use("a", after(24)).unwrap().unwrap();
        assert_eq!(modified(), written);
        assert_eq!(**folder.read_in_use("a", after(25)).unwrap().unwrap(), *b"content");
        assert_eq!(Moment::from(modified()), after(25));
        folder.read_in_use("a", after(48)).unwrap().unwrap();
        // After the clock went back, nothing is noted.
        folder.read_in_use("a", after(0)).unwrap().unwrap();
        assert_eq!(Moment::from(modified()), after(25));
        // A plain read is not a use.
        folder.read("a").unwrap().unwrap();
        assert_eq!(Moment::from(modified()), after(25));
    }

    #[test]
    fn state_folder_file_open_to_others_is_refused() {
        let (_guard, folder) = folder();
        put(&folder, "a", 0o640);
        let error = refusal(&folder, "a");
        assert!(error.message().contains("mode 640"), "{error}");
        assert!(error.hint().unwrap().to_string().starts_with("run `chmod 600 "), "{error:?}");
    }

    #[test]
    fn state_folder_symlink_folder_or_fifo_is_refused() {
        let (_guard, folder) = folder();
        put(&folder, "target", 0o600);
        symlink(folder.path().join("target"), folder.path().join("link")).unwrap();
        assert!(refusal(&folder, "link").message().contains("is a symbolic link"));
        fs::create_dir(folder.path().join("folder")).unwrap();
        assert!(refusal(&folder, "folder").message().contains("is not a plain file"));
        let fifo = folder.path().join("fifo");
        // macOS has no `mknodat`.
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        assert!(refusal(&folder, "fifo").message().contains("is not a plain file"));
    }

    #[test]
    fn state_folder_file_that_is_too_large_is_refused() {
        let (_guard, folder) = folder();
        put(&folder, "a", 0o600);
        let file = File::options().write(true).open(folder.path().join("a")).unwrap();
        file.set_len(MAX_FILE + 1).unwrap();
        assert!(refusal(&folder, "a").message().contains("larger"));
    }
}
