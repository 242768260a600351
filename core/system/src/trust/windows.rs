//! The way to a file on Windows.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use super::access_list::{Access, Part, Sid, judge, judge_privacy};
use super::facts::{Facts, Kind};
use api_key_helper_values::Error;

use crate::read_error::ReadError;
use crate::short_lived::is_short_lived;
use crate::windows::{caller, descriptor};

/// Follows paths, and refuses one that another user can lead elsewhere.
///
/// It goes from the volume's root through each folder and each link. Each is judged by its owner
/// and its access list before what is in it is believed.
#[derive(Debug, Default)]
pub struct Trail {
    /// The folders above a holder that were judged: a hit follows several paths that begin alike.
    judged: Vec<PathBuf>,
}

impl Trail {
    /// One that begins at the root.
    #[must_use]
    pub const fn new() -> Self {
        Self { judged: Vec::new() }
    }

    /// As [`super::follow`].
    ///
    /// # Errors
    /// As there.
    pub fn follow(&mut self, path: &Path) -> Result<PathBuf, ReadError> {
        let real = self.walk(path)?;
        let (file, facts) = open_as_it_is(&real)?;
        accept(judge_part(&real, Part::End(facts.kind), &file)?)?;
        Ok(real)
    }

    /// Opens the file at `path` for reading. What is open is judged itself.
    ///
    /// # Errors
    /// As [`super::follow`].
    pub fn open(&mut self, path: &Path) -> Result<(File, Metadata), ReadError> {
        let real = self.walk(path)?;
        // Folders are opened too, so that the caller can say that it is one.
        let file = File::options().read(true).custom_flags(BACKUP_SEMANTICS).open(&real)?;
        let metadata = file.metadata()?;
        accept(judge_part(&real, Part::End(Kind::of(&metadata)), &file)?)?;
        Ok((file, metadata))
    }

    /// Goes to `path`, and returns what is there. It is not judged itself: only the way to it is.
    pub(crate) fn reach(&mut self, path: &Path) -> Result<Facts, ReadError> {
        let real = self.walk(path)?;
        Ok(open_as_it_is(&real)?.1)
    }

    /// Judges the way to `path`, and returns the real path: no link is in it.
    fn walk(&mut self, path: &Path) -> Result<PathBuf, ReadError> {
        let mut path = std::path::absolute(path)?;
        let mut links = 0;
        while let Some(elsewhere) = self.advance(&path)? {
            links += 1;
            if links > MOST_LINKS {
                return Err(io::Error::from_raw_os_error(CANT_RESOLVE_FILENAME).into());
            }
            path = std::path::absolute(elsewhere)?;
        }
        Ok(path)
    }

    /// Goes to the end of `path`, or to its first link: then it returns the path that the link
    /// makes of it.
    fn advance(&mut self, path: &Path) -> Result<Option<PathBuf>, ReadError> {
        let mut here = PathBuf::new();
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            here.push(component);
            // `C:` by itself is the folder in which the caller is.
            if matches!(component, Component::Prefix(_)) {
                continue;
            }
            let is_end = components.peek().is_none();
            let part = match component {
                Component::RootDir => Part::Root,
                // Judged where it is opened.
                _ if is_end => Part::End(Kind::Link),
                _ if components.clone().count() == 1 => Part::Holder,
                _ => Part::Way,
            };
            if part == Part::Way && self.judged.contains(&here) {
                continue;
            }
            let (file, facts) = open_as_it_is(&here)?;
            accept(judge_part(&here, part, &file)?)?;
            if facts.kind == Kind::Link {
                let rest: PathBuf = components.collect();
                let target = without_verbatim_prefix(&fs::read_link(&here)?);
                let target = here.parent().unwrap_or(&here).join(target);
                return Ok(Some(if is_end { target } else { target.join(rest) }));
            }
            if part == Part::Way {
                self.judged.push(here.clone());
            }
        }
        Ok(None)
    }
}

/// Returns why what is open is not the caller's alone.
pub(crate) fn privacy_objection(
    path: &Path,
    is_folder: bool,
    file: &File,
) -> io::Result<Option<Error>> {
    Ok(judge_privacy(path, is_folder, &access(file)?, caller()?, &name_of))
}

/// The same of what is at `path`.
pub(crate) fn privacy_objection_at(path: &Path) -> io::Result<Option<Error>> {
    let (file, facts) = open_as_it_is(path)?;
    privacy_objection(path, facts.kind == Kind::Folder, &file)
}

fn judge_part(path: &Path, part: Part, file: &File) -> io::Result<Option<Error>> {
    Ok(judge(path, part, &access(file)?, caller()?, &name_of))
}

fn access(file: &File) -> io::Result<Access> {
    let unreadable = || io::Error::other("its access list cannot be read");
    Access::read(&descriptor(file)?).ok_or_else(unreadable)
}

/// Opens whatever is at `path`, a link itself and not what it leads to, for nothing but a look at
/// its rights.
fn open_as_it_is(path: &Path) -> io::Result<(File, Facts)> {
    const READ_CONTROL: u32 = 0x0002_0000;
    const READ_ATTRIBUTES: u32 = 0x0080;
    // `FILE_FLAG_OPEN_REPARSE_POINT`.
    const FLAGS: u32 = BACKUP_SEMANTICS | 0x0020_0000;

    let mut options = OpenOptions::new();
    let file =
        options.access_mode(READ_CONTROL | READ_ATTRIBUTES).custom_flags(FLAGS).open(path)?;
    let facts = Facts { kind: Kind::of(&file.metadata()?) };
    Ok((file, facts))
}

/// The path as `cmd` and people take it: `\\?\C:\` is `C:\`, and `\\?\UNC\server` is `\\server`.
/// One that means something else without the prefix stays.
#[must_use]
pub fn without_verbatim_prefix(path: &Path) -> PathBuf {
    let short = path.to_str().and_then(super::access_list::without_verbatim_prefix);
    short.map_or_else(|| path.to_owned(), PathBuf::from)
}

/// The front says nothing: the worker does, which may ask a domain for the name.
fn name_of(sid: &Sid) -> String {
    let name = if is_short_lived() { None } else { crate::windows::name_of(sid) };
    name.map_or_else(|| format!("`{sid}`"), |name| format!("`{name}`"))
}

fn accept(objection: Option<Error>) -> Result<(), ReadError> {
    objection.map_or(Ok(()), |error| Err(ReadError::Refused(error)))
}

/// `FILE_FLAG_BACKUP_SEMANTICS`, without which no folder is opened.
const BACKUP_SEMANTICS: u32 = 0x0200_0000;
/// `ERROR_CANT_RESOLVE_FILENAME`, which is what the system says of a loop.
const CANT_RESOLVE_FILENAME: i32 = 1921;
/// As many as on other systems.
const MOST_LINKS: u32 = 40;

#[cfg(test)]
mod tests;
