//! A settings file on disk, replaced as a whole or not at all.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use api_key_helper_files::{self as files, replace, sync, sync_names};
use tempfile::{Builder, NamedTempFile};

use crate::json;

/// A file as it was when it was read. `Debug` shows only its path.
pub(crate) struct Snapshot {
    /// The file itself, not a link to it.
    real: PathBuf,
    /// `None` if the file does not exist.
    pub(crate) content: Option<Vec<u8>>,
}

impl Snapshot {
    /// Reads the file at `path`. A link stands for the file that it leads to: users who keep their
    /// settings elsewhere keep the link.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        match path.canonicalize() {
            Ok(real) => Ok(Self { content: Some(bytes(&real)?), real }),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Err(_) if path.is_symlink() => {
                Err(io::Error::new(io::ErrorKind::NotFound, "it is a broken link"))
            }
            Err(_) => Ok(Self { real: path.to_owned(), content: None }),
        }
    }

    /// Returns the path of the file itself.
    pub(crate) fn real(&self) -> &Path {
        &self.real
    }

    /// Replaces the file with `content`. The owner and mode stay; a new file gets `mode`.
    pub(crate) fn replace(&self, content: &[u8], mode: u32) -> io::Result<()> {
        let draft = draft(folder(&self.real), content, mode)?;
        if self.content.is_some() {
            inherit(draft.as_file(), &fs::metadata(&self.real)?)?;
            sync(draft.as_file())?;
        }
        self.check_unchanged()?;
        replace(draft, &self.real)?;
        sync_names(folder(&self.real))
    }

    /// Removes the file.
    pub(crate) fn remove(&self) -> io::Result<()> {
        self.check_unchanged()?;
        fs::remove_file(&self.real)?;
        sync_names(folder(&self.real))
    }

    /// Writes a copy of the file to `path`, with the same owner and mode.
    pub(crate) fn copy_to(&self, path: &Path) -> io::Result<()> {
        let draft = draft(folder(path), self.content.as_deref().unwrap_or_default(), PRIVATE)?;
        inherit(draft.as_file(), &fs::metadata(&self.real)?)?;
        sync(draft.as_file())?;
        replace(draft, path)?;
        sync_names(folder(path))
    }

    /// The client can write its settings at any time.
    fn check_unchanged(&self) -> io::Result<()> {
        if read(&self.real)? == self.content {
            return Ok(());
        }
        let error = "another program has just changed it; run the command again";
        Err(io::Error::new(io::ErrorKind::ResourceBusy, error))
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.real)
    }
}

/// Writes a small file as a whole, or not at all.
pub(crate) fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    replace(draft(folder(path), content, mode)?, path)?;
    sync_names(folder(path))
}

/// Makes the missing folders above `path`. Returns their number.
pub(crate) fn make_folders(path: &Path, mode: u32) -> io::Result<usize> {
    let missing: Vec<_> = path.ancestors().skip(1).take_while(|folder| !folder.is_dir()).collect();
    for folder in missing.iter().rev() {
        make_folder(folder, mode)?;
    }
    Ok(missing.len())
}

#[cfg(unix)]
fn make_folder(folder: &Path, mode: u32) -> io::Result<()> {
    std::os::unix::fs::DirBuilderExt::mode(&mut fs::DirBuilder::new(), mode).create(folder)
}

/// On Windows, a folder inherits its permissions.
#[cfg(windows)]
fn make_folder(folder: &Path, _: u32) -> io::Result<()> {
    fs::create_dir(folder)
}

/// Removes the `count` innermost folders above `path`, up to the first that is not empty.
pub(crate) fn remove_folders(path: &Path, count: usize) {
    let mut folders = path.ancestors().skip(1).take(count);
    while folders.next().is_some_and(|folder| fs::remove_dir(folder).is_ok()) {}
}

/// Returns the content of a file; `None` if it does not exist.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match bytes(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// Returns the text of a settings file without a byte-order mark; empty if it cannot be read.
#[must_use]
pub fn settings_text(path: &Path) -> String {
    let bytes = bytes(path).unwrap_or_default();
    json::text(&bytes).map_or_else(|_| String::new(), |(_, text)| text.to_owned())
}

/// Returns the content of a file, unless that is endless or larger than any settings.
pub(crate) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    #[cfg(unix)]
    if std::os::unix::fs::FileTypeExt::is_fifo(&fs::metadata(path)?.file_type()) {
        // Opening a FIFO would wait for a writer.
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a FIFO"));
    }
    let mut content = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 16 MiB"));
    }
    Ok(content)
}

/// Removes a file, if it is there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn draft(folder: &Path, content: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    // If we are killed, no client takes a file of this name for settings.
    builder.prefix(".api-key-helper-").suffix(".tmp");
    let mut draft = files::draft_of_mode(&builder, folder, mode)?;
    draft.as_file_mut().write_all(content)?;
    sync(draft.as_file())?;
    Ok(draft)
}

#[cfg(unix)]
fn inherit(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};

    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(old.permissions())
}

/// On other systems, a new file inherits the permissions of its folder.
#[cfg(not(unix))]
fn inherit(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

const PRIVATE: u32 = 0o600;

/// A limit in bytes, far above the size of real settings.
const LONGEST: u64 = 16 << 20;

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    use std::process::Command;

    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect()
    }

    #[test]
    fn settings_file_that_is_a_fifo_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert_eq!(bytes(&path).unwrap_err().to_string(), "it is a FIFO");
        assert_eq!(settings_text(&path), "");
    }

    #[test]
    fn settings_file_changed_by_another_process_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let absent = Snapshot::read(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        let present = Snapshot::read(&path).unwrap();
        fs::write(&path, "theirs, again").unwrap();
        for outcome in
            [absent.replace(b"ours", PRIVATE), present.replace(b"ours", PRIVATE), present.remove()]
        {
            assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::ResourceBusy);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs, again");
        assert_eq!(names(folder.path()), ["settings.json"]);
    }

    #[test]
    fn settings_file_owner_and_mode_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        fs::write(&path, "").unwrap();
        // Only root can change the owner; for other users, the file keeps it.
        let _ = chown(&path, Some(12), Some(34));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o461)).unwrap();
        let facts = |path: &Path| {
            let found = path.metadata().unwrap();
            (found.uid(), found.gid(), found.mode() & 0o7777)
        };
        let before = facts(&path);
        let copy = folder.path().join("copy");
        Snapshot::read(&path).unwrap().copy_to(&copy).unwrap();
        Snapshot::read(&path).unwrap().replace(b"new", 0o600).unwrap();
        assert_eq!((facts(&path), facts(&copy)), (before, before));
    }
}
