//! Files with the answers of clients, one for each client.
//!
//! Every call of Claude Code reads and writes its file, so it must be fast. The file is opened
//! once, read, and appended to, without a lock and without waiting for the disk. If a record is
//! lost, a refusal is noticed later.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::client::Client;
use super::judge::MEMORY;
use super::record::{Outcome, Record};
use crate::{
    KeyId, Moment, Places, StateFolder, is_own, is_own_folder, make_private_folder, private,
};

/// The suffix of files with records. It includes the format's version.
pub const RECORDS_SUFFIX: &str = ".v1.answers";

/// The size in bytes above which a file is rewritten: about fifty records.
const LIMIT: usize = 4096;
/// The number of bytes that are read. It is above the limit, because processes that append at the
/// same time do not see one another.
const READ: usize = 2 * LIMIT;
/// The number of records kept in a rewritten file.
const KEPT: usize = 16;

/// A client's open records.
#[derive(Debug)]
pub(super) struct RecordsFile {
    path: PathBuf,
    file: File,
    records: Vec<Record>,
    /// Set if the file contains only `records`, and has room for one more.
    takes_more: bool,
}

impl RecordsFile {
    /// Opens the file of `client` in the first folder that is the caller's own, and creates it if
    /// there is none. Returns `None` without such a folder, or for a file of the wrong kind.
    pub(super) fn open(places: &Places, client: &Client) -> Option<Self> {
        let Client { process, started } = client;
        let name = format!("{process}-{started}{RECORDS_SUFFIX}");
        places.records().find_map(|folder| Self::open_in(folder, &name).ok().flatten())
    }

    /// The recorded answers, oldest first.
    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Adds a record. Concurrent appends do not mix their bytes, because each is one step (POSIX,
    /// `write`).
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

/// Returns whether `folder` belongs to the caller alone. It is created if missing, but only inside
/// such a folder.
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
        // Created by this process, or by a faster one.
        _ => is_own_folder(folder),
    }
}

/// Replaces the file's content. A record that another process appends at the same time is lost.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file = private(File::options().write(true).create_new(true)).open(&draft)?;
    let replaced = file.write_all(content).and_then(|()| fs::rename(&draft, path));
    if replaced.is_err() {
        let _ = fs::remove_file(&draft);
    }
    replaced
}

/// The time until which a client is told that the API refuses this key. Unreadable files are
/// ignored.
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
