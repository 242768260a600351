//! A settings file that is changed, and what is kept beside it to undo that.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use serde_json::Value;

use crate::file::{self, Snapshot};
use crate::json::Malformed;
use crate::scope::Scope;
use crate::slots::{Found, Slots};

/// A settings file to put a helper into, or to take it out of.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    slots: Slots,
    modes: Modes,
    now: Snapshot,
    found: Vec<Option<Found>>,
}

/// Why a settings file cannot be changed.
#[derive(Debug)]
pub enum Refusal {
    /// The system does not let us.
    Io(io::Error),
    /// The client would refuse the file as it is, or the one kept beside it, or has no use for a
    /// helper in it.
    Malformed(Malformed),
}

/// What was there before a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// No file.
    Made,
    /// A file, of which this is the copy.
    Changed(PathBuf),
}

/// A way back, which nothing is written of yet.
pub struct Undo<'a> {
    target: &'a Target,
    before: Before,
    /// The file's; `None` where it goes.
    content: Option<Vec<u8>>,
}

/// What an undo leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undone {
    /// The file is, byte for byte, what it was before.
    Restored,
    /// The file, which had been changed since, without our values.
    TakenOut,
    /// No file, as before.
    Removed,
}

impl Target {
    /// Reads the settings file at `path`, which is for `scope`.
    ///
    /// # Errors
    /// When it cannot be read, or the client would refuse it.
    pub fn read(path: &Path, scope: Scope, slots: Slots) -> Result<Self, Refusal> {
        let now = Snapshot::read(path)?;
        let found = slots.find(now.content.as_deref().unwrap_or_default())?;
        Ok(Self { path: path.to_owned(), slots, modes: modes(scope), now, found })
    }

    /// Which values of it are ours.
    #[must_use]
    pub const fn slots(&self) -> &Slots {
        &self.slots
    }

    /// What it says now, in the order of their paths.
    #[must_use]
    pub fn found(&self) -> &[Option<Found>] {
        &self.found
    }

    /// What the client would run. A blank text is nothing.
    #[must_use]
    pub fn helper(&self) -> Option<&Found> {
        let helper = self.found.first()?.as_ref()?;
        let is_blank = helper.value.as_str().is_some_and(|text| text.trim().is_empty());
        (!is_blank).then_some(helper)
    }

    /// Whether it says `values` already.
    ///
    /// # Errors
    /// None that reading it did not have.
    pub fn has(&self, values: &[Value]) -> Result<bool, Refusal> {
        let Some(now) = &self.now.content else { return Ok(false) };
        Ok(self.slots.put(now, values)? == *now)
    }

    /// Puts `values` in, which are in the order of their paths. What stood there before is kept beside the file, until the undo: a second
    /// change keeps nothing, for the file is ours already.
    ///
    /// # Errors
    /// When something cannot be written; the file is then as it was.
    pub fn apply(&self, values: &[Value]) -> Result<Applied, Refusal> {
        let Some(old) = &self.now.content else { return self.make(values) };
        let new = self.slots.put(old, values)?;
        let copy = self.beside(COPY);
        if !self.is_ours() || self.before()?.is_none() {
            self.now.copy_to(&copy)?;
            file::remove(&self.beside(NONE))?;
        }
        self.now.replace(&new, self.modes.file)?;
        Ok(if copy.exists() { Applied::Changed(copy) } else { Applied::Made })
    }

    fn make(&self, values: &[Value]) -> Result<Applied, Refusal> {
        let new = self.slots.put(&[], values)?;
        let made = file::make_folders(&self.path, self.modes.folder)?;
        // Of a file that is gone, nothing needs keeping.
        file::remove(&self.beside(COPY))?;
        file::write(&self.beside(NONE), format!("{made}\n").as_bytes(), self.modes.file)?;
        self.now.replace(&new, self.modes.file)?;
        Ok(Applied::Made)
    }

    /// How to take out what was put in; `None` where the helper is not ours, or what was there before
    /// is not known.
    ///
    /// # Errors
    /// When what was kept cannot be read, or is no settings file.
    pub fn undo(&self) -> Result<Option<Undo<'_>>, Refusal> {
        let Some(before) = self.before()? else { return Ok(None) };
        let now = self.now.content.as_deref().unwrap_or_default();
        let content = self.slots.take_back(now, before.content())?;
        Ok(Some(Undo { target: self, before, content }))
    }

    /// Whether api-key-helper is what the client would run.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.helper().is_some_and(|helper| self.slots.is_ours(&helper.value))
    }

    /// What was before us; `None` unless the file is ours now.
    fn before(&self) -> io::Result<Option<Before>> {
        if !self.is_ours() {
            return Ok(None);
        }
        if let Some(bytes) = file::read(&self.beside(COPY))? {
            return Ok(Some(Before::File(bytes)));
        }
        let made = file::read(&self.beside(NONE))?;
        let folders = made.and_then(|made| String::from_utf8(made).ok()?.trim().parse().ok());
        Ok(folders.map(|folders| Before::Nothing { folders }))
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = OsString::from(self.path.file_name().unwrap_or_default());
        name.push(suffix);
        if !self.slots.of.is_empty() {
            name.push(format!("-{}", plain(&self.slots.of)));
        }
        self.path.with_file_name(name)
    }
}

impl Undo<'_> {
    /// What the file says afterwards.
    ///
    /// # Errors
    /// When what was kept is no settings file.
    pub fn found(&self) -> Result<Vec<Option<Found>>, Refusal> {
        Ok(match &self.content {
            Some(content) => self.target.slots.find(content)?,
            None => vec![None; self.target.slots.paths.len()],
        })
    }

    /// Writes the file, or removes it, and then what was kept.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn write(self) -> Result<Undone, Refusal> {
        let Self { target, before, content } = self;
        match &content {
            Some(content) => target.now.replace(content, target.modes.file)?,
            None => target.now.remove()?,
        }
        file::remove(&target.beside(COPY))?;
        file::remove(&target.beside(NONE))?;
        Ok(match (content, before) {
            (None, Before::Nothing { folders }) => {
                file::remove_folders(&target.path, folders);
                Undone::Removed
            }
            (content, Before::File(before)) if content.as_ref() == Some(&before) => {
                Undone::Restored
            }
            _ => Undone::TakenOut,
        })
    }
}

/// What was there before a file was ours.
enum Before {
    File(Vec<u8>),
    /// No file, and so many folders less around it.
    Nothing {
        folders: usize,
    },
}

impl Before {
    fn content(&self) -> Option<&[u8]> {
        match self {
            Self::File(bytes) => Some(bytes),
            Self::Nothing { .. } => None,
        }
    }
}

/// The modes of what is made where nothing was.
#[derive(Clone, Copy, Debug)]
struct Modes {
    file: u32,
    folder: u32,
}

/// A name as a part of a file's: other characters are spelled as in an address (RFC 3986, 2.1).
fn plain(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let spell =
        |byte| if is_plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    name.bytes().map(spell).collect()
}

/// Secrets may get into a file that is not for everybody.
const fn modes(scope: Scope) -> Modes {
    match scope {
        Scope::User | Scope::Local => Modes { file: 0o600, folder: 0o700 },
        Scope::Project | Scope::Managed => Modes { file: 0o644, folder: 0o755 },
    }
}

/// A copy of what was there before. No client takes a file of that name for settings.
const COPY: &str = ".before-api-key-helper";
/// Says that there was nothing before, and holds the number of folders that were made.
const NONE: &str = ".none-before-api-key-helper";

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Malformed> for Refusal {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Malformed(malformed) => malformed.fmt(f),
        }
    }
}

impl std::error::Error for Refusal {}
