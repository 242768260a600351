//! The files that hold what clients were answered, one for each client.
//!
//! Every call of Claude Code reads and writes its own, so that is cheap: one file is opened, read
//! to its end and appended to, without a lock and without waiting for the disk. What is lost with
//! it is a refusal that is noticed later.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::client::Client;
use super::judge::MEMORY;
use super::record::{Outcome, Record};
use crate::{
    KeyId, Moment, Places, StateFolder, is_own, is_own_folder, make_private_folder, private,
};

/// How the names of the files end that hold records. The format's version is part of it.
pub const RECORDS_SUFFIX: &str = ".v1.answers";

/// How large a file gets before it is rewritten, in bytes: some fifty records.
const LIMIT: usize = 4096;
/// How much of one is read: more, for of those who append at the same time none sees the others.
const READ: usize = 2 * LIMIT;
/// How many records are kept when it is rewritten.
const KEPT: usize = 16;

/// A client's records, opened.
#[derive(Debug)]
pub(super) struct RecordsFile {
    path: PathBuf,
    file: File,
    records: Vec<Record>,
    /// Whether it holds nothing but `records`, and there is room for one more.
    takes_more: bool,
}

impl RecordsFile {
    /// Opens the file of `client`, and makes it if there is none: in the first of the places that
    /// is the caller's own. `None` where there is no such place, or the file is not what it should
    /// be.
    pub(super) fn open(places: &Places, client: &Client) -> Option<Self> {
        let Client { process, started } = client;
        let name = format!("{process}-{started}{RECORDS_SUFFIX}");
        places.records().find_map(|folder| Self::open_in(folder, &name).ok().flatten())
    }

    /// What was answered so far, oldest first.
    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Adds a record. Those that write at the same time do not mix their bytes: a write to a file
    /// that was opened for appending is one step (POSIX, `write`).
    pub(super) fn append(mut self, record: Record) -> io::Result<()> {
        if self.takes_more {
            return self.file.write_all(&record.encode());
        }
        self.records.push(record);
        let kept = &self.records[self.records.len().saturating_sub(KEPT)..];
        replace(&self.path, &kept.iter().flat_map(Record::encode).collect::<Vec<u8>>())
    }

    fn open_in(folder: &Path, name: &str) -> io::Result<Option<Self>> {
        if !is_usable(folder)? {
            return Ok(None);
        }
        let path = folder.join(name);
        let mut file = private(File::options().read(true).append(true).create(true)).open(&path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() || !is_own(&file, &metadata) {
            return Ok(None);
        }
        let mut bytes = vec![0; usize::try_from(metadata.len()).unwrap_or(READ).min(READ)];
        let length = if bytes.is_empty() { 0 } else { file.read(&mut bytes)? };
        let (records, is_whole) = Record::decode_all(&bytes[..length]);
        let takes_more = is_whole && length < LIMIT;
        Ok(Some(Self { path, file, records, takes_more }))
    }
}

/// Whether `folder` is the caller's alone. It is made if it is missing, but not in a folder that is
/// not.
fn is_usable(folder: &Path) -> io::Result<bool> {
    match is_own_folder(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found,
    }
    if !folder.parent().map_or(Ok(false), is_own_folder)? {
        return Ok(false);
    }
    match make_private_folder(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        // Made, by us or by somebody who was faster.
        _ => is_own_folder(folder),
    }
}

/// Puts `content` in place of the file. A record that is being appended meanwhile is lost.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file = private(File::options().write(true).create_new(true)).open(&draft)?;
    let replaced = file.write_all(content).and_then(|()| fs::rename(&draft, path));
    if replaced.is_err() {
        let _ = fs::remove_file(&draft);
    }
    replaced
}

/// Until when some client is told that the API refuses this key. What cannot be read tells nothing.
#[must_use]
pub fn refused_until(places: &Places, key: KeyId, now: Moment) -> Option<Moment> {
    let records = places.records().flat_map(|folder| {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = files.filter_map(|file| file.file_name().into_string().ok());
        let folder = StateFolder::new(folder.to_owned());
        names
            .filter(|name| name.ends_with(RECORDS_SUFFIX))
            .filter_map(move |name| folder.read(&name).ok().flatten())
            .flat_map(|bytes| Record::decode_all(&bytes).0)
    });
    records
        .filter(|record| record.outcome == Outcome::Refused && record.key == key)
        .map(|record| record.answered_at.plus(MEMORY))
        .filter(|until| *until > now)
        .max()
}
