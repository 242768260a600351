//! The state folder as a whole: made, checked, swept, and the files in it that are no entries.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::disk::{
    DRAFT_SUFFIX, UNREADABLE_SUFFIX, draft_in, is_still_named, lock_file, sync_names,
};
use crate::folder::{Privacy, ReadError, StateFolder, privacy, private};
use crate::rejection::RECORDS_SUFFIX;
use crate::{Error, Moment, trust};

/// After this time a file that nobody wrote to is swept away.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// After this time nothing that a client does now can be about what it was answered.
const RECORDS_KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// After this time a draft has no writer any more: it was killed.
const DRAFT_KEPT_FOR: Duration = Duration::from_secs(60 * 60);

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
        let (shown, quoted) = (self.path().display(), trust::quote(self.path()));
        let refused = |why: String, mend: String| {
            let message = format!("the folder `{shown}` {why}, so it is not used");
            Err(ReadError::Refused(Error::misconfigured(message).with_hint(mend)))
        };
        match privacy(&metadata) {
            _ if !metadata.is_dir() => {
                refused("is not a folder".to_owned(), format!("run `rm {quoted}`"))
            }
            Privacy::Own => Ok(()),
            Privacy::Foreign { owner } => refused(
                format!("belongs to user {owner}"),
                "run this as that user (`sudo` without `-E`), or set `XDG_STATE_HOME` and \
                 `XDG_DATA_HOME`"
                    .to_owned(),
            ),
            Privacy::Loose { mode } => refused(
                format!("is open to others (mode {mode:03o})"),
                format!("run `chmod 700 {quoted}`"),
            ),
        }
    }

    /// Removes what nobody wrote to for 30 days (a client's records: for a day; drafts: for an hour),
    /// but the files that `keep` says are in use.
    ///
    /// # Errors
    /// When the folder cannot be read. Files that cannot be removed stay.
    pub fn sweep(&self, now: Moment, keep: impl Fn(&str) -> bool) -> io::Result<()> {
        for file in fs::read_dir(self.path())? {
            let file = file?;
            let name = file.file_name();
            let Some(name) = name.to_str() else { continue };
            let kept_for = match name {
                _ if name.ends_with(DRAFT_SUFFIX) => DRAFT_KEPT_FOR,
                _ if name.ends_with(RECORDS_SUFFIX) => RECORDS_KEPT_FOR,
                _ => KEPT_FOR,
            };
            // One that has gone meanwhile, as drafts do, is no reason to leave the others.
            let Ok(written_at) = file.metadata().and_then(|metadata| metadata.modified()) else {
                continue;
            };
            if !is_ours(name) || keep(name) || now.since(written_at.into()) <= kept_for {
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

    /// The names of all entries, of whatever version and whoever sealed them, in order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn entry_files(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for file in fs::read_dir(self.path())? {
            names.extend(file?.file_name().into_string().ok());
        }
        names.retain(|name| name.ends_with(".entry"));
        names.sort();
        Ok(names)
    }

    /// Appends `line` to the file `name`. One that has grown beyond `limit` bytes is first renamed
    /// to `old`.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append(&self, name: &str, old: &str, line: &[u8], limit: u64) -> io::Result<()> {
        let path = self.path().join(name);
        let open = || private(File::options().append(true).create(true)).open(&path);
        let mut file = open()?;
        if file.metadata()?.len() > limit {
            // Of those who see this at once one renames, and the others take the new file.
            if file.try_lock().is_ok() && is_still_named(&file, &path)? {
                fs::rename(&path, self.path().join(old))?;
            }
            file = open()?;
        }
        file.write_all(line)
    }

    /// The content of the file `name`, which `make` makes if there is none: whoever comes at the
    /// same time gets the same content.
    ///
    /// # Errors
    /// When the disk refuses, or what is there is not ours.
    pub fn made_once(
        &self,
        name: &str,
        make: impl FnOnce() -> io::Result<Zeroizing<Vec<u8>>>,
    ) -> io::Result<Zeroizing<Vec<u8>>> {
        if let Some(content) = self.read_ours(name)? {
            return Ok(content);
        }
        let mut draft = draft_in(self.path())?;
        draft.as_file_mut().write_all(&make()?)?;
        draft.as_file().sync_all()?;
        match draft.persist_noclobber(self.path().join(name)) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(error.error);
            }
            _ => sync_names(self.path())?,
        }
        self.read_ours(name)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Replaces the content of the file `name`, so that after a crash at any step either the old or
    /// the new content is there, whole.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn replace(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut draft = draft_in(self.path())?;
        draft.as_file_mut().write_all(content)?;
        draft.as_file().sync_all()?;
        draft.persist(self.path().join(name))?;
        sync_names(self.path())
    }

    fn read_ours(&self, name: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        self.read(name).map_err(|error| match error {
            ReadError::Io(error) => error,
            ReadError::Refused(error) => io::Error::other(error),
        })
    }
}

fn is_ours(name: &str) -> bool {
    [".entry", ".failure", ".lock", ".plan", DRAFT_SUFFIX, RECORDS_SUFFIX, UNREADABLE_SUFFIX]
        .iter()
        .any(|suffix| name.ends_with(suffix))
}

#[cfg(all(test, unix))]
#[path = "housekeeping_tests.rs"]
mod tests;
