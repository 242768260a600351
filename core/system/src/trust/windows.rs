//! The path to a file on Windows, checked step by step.

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

/// Follows paths, and refuses one that another user can redirect.
///
/// It goes from the volume's root through each folder and link. Each is judged by its owner and
/// access list before its content is used.
#[derive(Debug, Default)]
pub struct Trail {
    /// The judged folders of earlier paths, because several paths of a hit have a common start.
    judged: Vec<PathBuf>,
}

impl Trail {
    /// A trail that begins at the root.
    #[must_use]
    pub const fn new() -> Self {
        Self { judged: Vec::new() }
    }

    /// Follows `path`, as [`super::follow`] does.
    ///
    /// # Errors
    /// As [`super::follow`].
    pub fn follow(&mut self, path: &Path) -> Result<PathBuf, ReadError> {
        let real = self.walk(path)?;
        let (file, facts) = open_as_it_is(&real)?;
        accept(judge_part(&real, Part::End(facts.kind), &file)?)?;
        Ok(real)
    }

    /// Opens the file at `path` for reading. The open file itself is judged.
    ///
    /// # Errors
    /// As [`super::follow`].
    pub fn open(&mut self, path: &Path) -> Result<(File, Metadata), ReadError> {
        let real = self.walk(path)?;
        // Opens folders too, so that the caller can report them.
        let file = File::options().read(true).custom_flags(BACKUP_SEMANTICS).open(&real)?;
        let metadata = file.metadata()?;
        accept(judge_part(&real, Part::End(Kind::of(&metadata)), &file)?)?;
        Ok((file, metadata))
    }

    /// Goes to `path` and returns its facts. Judges the way to it, but not the file itself.
    pub(crate) fn reach(&mut self, path: &Path) -> Result<Facts, ReadError> {
        let real = self.walk(path)?;
        Ok(open_as_it_is(&real)?.1)
    }

    /// Judges the way to `path`, and returns the real path, without links.
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

    /// Goes to the end of `path`, or to its first link. Then it returns the path with the link
    /// replaced.
    fn advance(&mut self, path: &Path) -> Result<Option<PathBuf>, ReadError> {
        let mut here = PathBuf::new();
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            here.push(component);
            // `C:` by itself means the current folder of that drive.
            if matches!(component, Component::Prefix(_)) {
                continue;
            }
            let is_end = components.peek().is_none();
            let part = match component {
                Component::RootDir => Part::Root,
                // Judged when it is opened.
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

/// Returns why others have access to the open file.
pub(crate) fn privacy_objection(
    path: &Path,
    is_folder: bool,
    file: &File,
) -> io::Result<Option<Error>> {
    Ok(judge_privacy(path, is_folder, &access(file)?, caller()?, &name_of))
}

/// Returns why others have access to the file at `path`.
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

/// Opens the file at `path` without following a link, only to read its permissions.
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

/// The path in the form of `cmd` and users: `\\?\C:\` becomes `C:\`, and `\\?\UNC\server` becomes
/// `\\server`. A path with another meaning without the prefix stays.
#[must_use]
pub fn without_verbatim_prefix(path: &Path) -> PathBuf {
    let short = path.to_str().and_then(super::access_list::without_verbatim_prefix);
    short.map_or_else(|| path.to_owned(), PathBuf::from)
}

/// The front uses the bare SID, because it reports nothing. The worker may ask a domain for the
/// name.
fn name_of(sid: &Sid) -> String {
    let name = if is_short_lived() { None } else { crate::windows::name_of(sid) };
    name.map_or_else(|| format!("`{sid}`"), |name| format!("`{name}`"))
}

fn accept(objection: Option<Error>) -> Result<(), ReadError> {
    objection.map_or(Ok(()), |error| Err(ReadError::Refused(error)))
}

/// `FILE_FLAG_BACKUP_SEMANTICS`, which opening a folder needs.
const BACKUP_SEMANTICS: u32 = 0x0200_0000;
/// `ERROR_CANT_RESOLVE_FILENAME`, the system's error for a loop.
const CANT_RESOLVE_FILENAME: i32 = 1921;
/// The same limit as on other systems.
const MOST_LINKS: u32 = 40;

#[cfg(test)]
mod tests;
