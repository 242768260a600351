//! The path to a file, checked step by step.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::facts::{Facts, Kind, caller};
use super::judge::{Machine, judge, judge_folder};
use crate::open::{is_link, open_unlinked, open_without_waiting};
use crate::read_error::ReadError;

/// Follows paths, and refuses one that another user can redirect.
///
/// It takes the same steps as the system, from `/` through each folder and symbolic link, and
/// judges each folder before it uses the folder's content. So only the caller and root can redirect
/// the path, and the file opened or executed by the real path is the one that was judged.
///
/// Several paths of a hit have a common start, which is judged only once. So a trail must be used
/// for one look at the disk only.
#[derive(Debug, Default)]
pub struct Trail {
    /// The real path so far, without links and without the `/` at the end. It is bytes, because a
    /// hit splits and joins paths for each of their names.
    real: Vec<u8>,
    /// The facts of `/`, and of each name in `real`.
    steps: Vec<Step>,
    groups: Groups,
}

/// The known groups, each with whether it is private. The proof reads a dozen files, and most
/// folders of a path have the same group.
#[derive(Debug, Default)]
struct Groups(RefCell<Vec<(u32, bool)>>);

impl Groups {
    /// Returns whether `group` is private. Calls `prove` once for each group.
    fn is_private(&self, group: u32, prove: impl FnOnce() -> bool) -> bool {
        let known = self.0.borrow().iter().find(|(known, _)| *known == group).copied();
        if let Some((_, is_private)) = known {
            return is_private;
        }
        let is_private = prove();
        self.0.borrow_mut().push((group, is_private));
        is_private
    }
}

#[derive(Clone, Copy, Debug)]
struct Step {
    /// The length of `real` up to this step.
    end: usize,
    facts: Facts,
}

impl Trail {
    /// A trail that begins at `/`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Follows `path`, as [`super::follow`] does.
    ///
    /// # Errors
    /// As [`super::follow`].
    pub fn follow(&mut self, path: &Path) -> Result<PathBuf, ReadError> {
        let facts = self.reach(path)?;
        accept(judge(self.here(), facts, &self.machine()))?;
        Ok(self.here().to_owned())
    }

    /// Opens the file at `path` for reading, without waiting for the writer of a FIFO. The open
    /// descriptor itself is judged. The caller has to refuse anything that is no file.
    ///
    /// # Errors
    /// As [`super::follow`].
    pub fn open(&mut self, path: &Path) -> Result<(File, Metadata), ReadError> {
        let path = absolute(path)?;
        let (file, name) = match open_unlinked(&path) {
            Err(error) if is_link(&error) => {
                self.reach(&path)?;
                let name = Cow::Owned(self.here().to_owned());
                self.leave();
                let open = if is_descriptor(&name) { open_without_waiting } else { open_unlinked };
                (open(&name)?, name)
            }
            opened => {
                let file = opened?;
                self.reach(path.parent().unwrap_or(&path))?;
                (file, path)
            }
        };
        let metadata = file.metadata()?;
        let is_pinned = metadata.is_file() && metadata.nlink() == 1;
        let facts = Facts { is_pinned, ..Facts::from(&metadata) };
        self.judge_holder(&name, facts)?;
        accept(judge(&name, facts, &self.machine()))?;
        Ok((file, metadata))
    }

    /// Goes to `path` and returns its facts. Judges the way to it, but not the file itself.
    pub(crate) fn reach(&mut self, path: &Path) -> Result<Facts, ReadError> {
        let mut links = 0;
        let mut next = self.advance(&absolute(path)?)?;
        while let Some(path) = next {
            links += 1;
            if links > MOST_LINKS {
                return Err(io::Error::from(Errno::LOOP).into());
            }
            next = self.advance(&path)?;
        }
        match self.steps.last() {
            Some(step) => Ok(step.facts),
            None => Err(io::Error::from(Errno::NOENT).into()),
        }
    }

    /// Goes to the end of `path`, or to its first link. Then it returns the path with the link
    /// replaced.
    fn advance(&mut self, path: &Path) -> Result<Option<PathBuf>, ReadError> {
        let path = path.as_os_str().as_bytes();
        let mut rest = self.begin(path)?;
        while let Some((name, after)) = first_name(rest) {
            rest = after;
            match name {
                b"" | b"." => {}
                b".." => self.leave(),
                name => {
                    self.real.push(b'/');
                    self.real.extend_from_slice(name);
                    let mut facts =
                        Facts::from(&rustix::fs::lstat(self.here()).map_err(io::Error::from)?);
                    self.judge_holder(self.here(), facts)?;
                    if facts.kind == Kind::Link && !is_descriptor(self.here()) {
                        return self.follow_link(rest).map(Some);
                    }
                    if facts.kind == Kind::Link {
                        // The caller passed it on open, so there is no path to it.
                        facts =
                            Facts::from(&rustix::fs::stat(self.here()).map_err(io::Error::from)?);
                    }
                    self.steps.push(Step { end: self.real.len(), facts });
                }
            }
        }
        Ok(None)
    }

    /// Returns to the point where `path` leaves the previous path, and returns the rest.
    fn begin<'a>(&mut self, path: &'a [u8]) -> Result<&'a [u8], ReadError> {
        if self.steps.is_empty() {
            // Reserved for most paths, because growing costs more than looking.
            self.steps.reserve(16);
            self.real.reserve(256);
            let facts = Facts::from(&rustix::fs::lstat("/").map_err(io::Error::from)?);
            self.steps.push(Step { end: 0, facts });
        }
        let is_common = |end: usize| {
            path.get(..end) == self.real.get(..end) && matches!(path.get(end), None | Some(b'/'))
        };
        let common = self.steps.iter().rposition(|step| is_common(step.end)).unwrap_or_default();
        self.steps.truncate(common + 1);
        let end = self.steps[common].end;
        self.real.truncate(end);
        Ok(&path[end..])
    }

    /// Replaces the link at this point in the path that continues with `rest`.
    fn follow_link(&self, rest: &[u8]) -> Result<PathBuf, ReadError> {
        let link = self.here();
        let path = link.parent().unwrap_or(link).join(fs::read_link(link)?);
        let mut path = path.into_os_string();
        path.push(OsStr::from_bytes(rest));
        Ok(path.into())
    }

    /// Goes to the parent folder. That of `/` is `/`.
    fn leave(&mut self) {
        if self.steps.len() > 1 {
            self.steps.pop();
        }
        self.real.truncate(self.steps.last().map_or(0, |step| step.end));
    }

    const fn machine(&self) -> ThisMachine<'_> {
        ThisMachine(&self.groups)
    }

    fn here(&self) -> &Path {
        path_of(&self.real)
    }

    /// Judges the last folder, which contains `entry`.
    fn judge_holder(&self, entry: &Path, facts: Facts) -> Result<(), ReadError> {
        match self.steps.last() {
            Some(holder) if holder.facts.kind == Kind::Folder => {
                let folder = (path_of(&self.real[..holder.end]), holder.facts);
                accept(judge_folder(folder, (entry, facts), &self.machine()))
            }
            // A path below a file does not exist, as the system will report.
            _ => Ok(()),
        }
    }
}

/// The path of `real`, which is empty for `/`.
fn path_of(real: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(if real.is_empty() { b"/" } else { real }))
}

/// Splits off the first name of `path`, which is empty between two `/`.
fn first_name(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let end = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
    (!path.is_empty()).then(|| path.split_at(end))
}

fn absolute(path: &Path) -> io::Result<Cow<'_, Path>> {
    if path.is_absolute() {
        return Ok(Cow::Borrowed(path));
    }
    std::path::absolute(path).map(Cow::Owned)
}

fn accept(objection: Option<api_key_helper_values::Error>) -> Result<(), ReadError> {
    objection.map_or(Ok(()), |error| Err(ReadError::Refused(error)))
}

/// The limit of Linux (`MAXSYMLINKS`).
const MOST_LINKS: u32 = 40;

/// Returns whether `path` is an open descriptor of a process, the target of `/dev/stdin` and
/// `/dev/fd/3`. The content of such a link is no path.
fn is_descriptor(path: &Path) -> bool {
    path.starts_with("/proc") && path.parent().is_some_and(|folder| folder.ends_with("fd"))
}

struct ThisMachine<'a>(&'a Groups);

impl Machine for ThisMachine<'_> {
    fn caller(&self) -> u32 {
        caller()
    }

    #[cfg(target_os = "linux")]
    fn is_private(&self, path: &Path, group: u32) -> bool {
        let prove = || super::linux::has_no_other_member(group, caller());
        !super::linux::has_acl(path) && self.0.is_private(group, prove)
    }

    /// Directory services have members that no file lists.
    #[cfg(not(target_os = "linux"))]
    fn is_private(&self, _: &Path, group: u32) -> bool {
        self.0.is_private(group, || false)
    }

    #[cfg(target_os = "linux")]
    fn is_unmapped(&self, user: u32) -> bool {
        user != caller() && user != super::judge::ROOT && super::linux::is_unmapped(user)
    }

    #[cfg(not(target_os = "linux"))]
    fn is_unmapped(&self, _: u32) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
