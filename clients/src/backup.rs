//! Backups of settings files, which the undo puts back.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::claude_code::LOCAL_FILE;
use crate::file::{self, Snapshot};
use crate::refusal::Refusal;

/// The backup of one settings file.
#[derive(Debug)]
pub(crate) struct Backup {
    place: Place,
    /// The place that version 0.1.0 used: beside the settings file or the link to it.
    former: Place,
    /// The folder of `place`, if it holds only backups.
    ignored: Option<PathBuf>,
}

/// The previous state of a settings file.
pub(crate) enum Before {
    File {
        /// The copy of the file.
        copy: PathBuf,
        content: Vec<u8>,
    },
    /// There was no file, and this many folders above it were missing.
    Nothing { folders: usize },
}

impl Backup {
    /// Returns the backup of the settings file `real`, which clients know as `path`; `of`
    /// distinguishes several backups of one file. The backup is beside the file itself, never
    /// beside a link to it: the link may be in a repository while the file is private. Git ignores
    /// Claude Code's local settings but would add a copy of them, so that copy is in a folder which
    /// Git is told to ignore.
    pub(crate) fn of(path: &Path, real: &Path, of: &str) -> Self {
        let beside = folder_of(real);
        let is_ignored = real.file_name() == Some(OsStr::new(LOCAL_FILE));
        let ignored = is_ignored.then(|| beside.join(IGNORED));
        let former = folder_of(path);
        Self {
            place: Place::new(ignored.as_deref().unwrap_or(&beside), real, of),
            former: Place::new(&former, path, of),
            ignored,
        }
    }

    /// Saves a copy of the file. Returns the path of the copy.
    pub(crate) fn save_file(&self, file: &Snapshot) -> Result<PathBuf, Refusal> {
        self.make_folder()?;
        file.copy_to(&self.place.copy)?;
        file::remove(&self.place.none)?;
        self.remove_former()?;
        Ok(self.place.copy.clone())
    }

    /// Records that there was no file, and that `folders` folders were made above it.
    pub(crate) fn save_nothing(&self, folders: usize, mode: u32) -> Result<(), Refusal> {
        self.make_folder()?;
        file::remove(&self.place.copy)?;
        file::write(&self.place.none, format!("{folders}\n").as_bytes(), mode)?;
        self.remove_former()?;
        Ok(())
    }

    /// Returns the saved state; `None` if there is none.
    pub(crate) fn read(&self) -> Result<Option<Before>, Refusal> {
        self.check_folder()?;
        match self.place.read()? {
            None => self.former.read(),
            before => Ok(before),
        }
    }

    /// Removes the saved state.
    pub(crate) fn remove(&self) -> Result<(), Refusal> {
        self.check_folder()?;
        self.place.remove()?;
        self.remove_former()?;
        Ok(self.remove_folder()?)
    }

    fn remove_former(&self) -> io::Result<()> {
        if self.former == self.place { Ok(()) } else { self.former.remove() }
    }

    fn make_folder(&self) -> Result<(), Refusal> {
        self.check_folder()?;
        if let Some(folder) = &self.ignored {
            let ignore = folder.join(IGNORE);
            file::make_folders(&ignore, 0o700)?;
            file::write(&ignore, b"*\n", 0o600)?;
        }
        Ok(())
    }

    /// Removes the folder, unless it still holds a backup.
    fn remove_folder(&self) -> io::Result<()> {
        let Some(folder) = self.ignored.as_ref().filter(|folder| folder.is_dir()) else {
            return Ok(());
        };
        let ignore = folder.join(IGNORE);
        if folder.read_dir()?.flatten().all(|file| file.path() == ignore) {
            file::remove(&ignore)?;
            file::remove_folders(&ignore, 1);
        }
        Ok(())
    }

    /// A repository can contain a link with the folder's name, which leads to any folder of the
    /// user.
    fn check_folder(&self) -> Result<(), Refusal> {
        self.ignored.as_deref().map_or(Ok(()), no_link)
    }
}

impl Before {
    /// Returns the content of the file, if there was one.
    pub(crate) fn content(&self) -> Option<&[u8]> {
        match self {
            Self::File { content, .. } => Some(content),
            Self::Nothing { .. } => None,
        }
    }

    /// Returns the path of the copy, if there was a file.
    pub(crate) fn into_copy(self) -> Option<PathBuf> {
        match self {
            Self::File { copy, .. } => Some(copy),
            Self::Nothing { .. } => None,
        }
    }
}

/// The two files of a backup, of which one exists.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// The copy of the settings file. No client reads a file of this name as settings.
    copy: PathBuf,
    /// Records that there was no settings file, and holds the number of folders that were made.
    none: PathBuf,
}

impl Place {
    fn new(folder: &Path, file: &Path, of: &str) -> Self {
        let named = |suffix: &str| {
            let mut name = OsString::from(file.file_name().unwrap_or_default());
            name.push(suffix);
            if !of.is_empty() {
                name.push(format!("-{}", plain(of)));
            }
            folder.join(name)
        };
        Self { copy: named(".before-api-key-helper"), none: named(".none-before-api-key-helper") }
    }

    fn read(&self) -> Result<Option<Before>, Refusal> {
        // The undo copies this file into the settings, which may be committed. A link could make it
        // any file of the user.
        no_link(&self.copy)?;
        if let Some(content) = file::read(&self.copy)? {
            return Ok(Some(Before::File { copy: self.copy.clone(), content }));
        }
        let made = file::read(&self.none)?;
        let folders = made.and_then(|made| String::from_utf8(made).ok()?.trim().parse().ok());
        Ok(folders.map(|folders| Before::Nothing { folders }))
    }

    fn remove(&self) -> io::Result<()> {
        file::remove(&self.copy)?;
        file::remove(&self.none)
    }
}

/// Returns the real folder of a file. Two paths of one file must not make two backups: removing one
/// would lose the other. Spellings differ where a folder above is a link, and always on Windows.
fn folder_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(path);
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

fn no_link(path: &Path) -> Result<(), Refusal> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(Refusal::Link(path.to_owned()));
    }
    Ok(())
}

/// Returns a name as part of a file name, with other characters percent-encoded (RFC 3986, 2.1).
fn plain(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let spell =
        |byte| if is_plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    name.bytes().map(spell).collect()
}

/// The folder that Git ignores.
const IGNORED: &str = ".before-api-key-helper";
const IGNORE: &str = ".gitignore";
