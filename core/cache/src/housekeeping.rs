//! Cleaning and listing the state folder.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};
use std::{fs, io};

use crate::rejection::RECORDS_SUFFIX;
use crate::{DRAFT_SUFFIX, EntryId, Moment, StateFolder, UNREADABLE_SUFFIX};

/// The time without use after which a file is removed. A use is a write, or a read by
/// [`StateFolder::read_in_use`].
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The number of environments kept for each source. A variable that tells them apart may differ in
/// every job.
const ENVIRONMENTS_KEPT: usize = 64;
/// The time after which no call of a client can refer to a record.
const RECORDS_KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// The time after which a draft's writer must have been killed.
const DRAFT_KEPT_FOR: Duration = Duration::from_secs(60 * 60);

/// Removes files that were not used for 30 days (records of clients: one day; drafts: one hour). Of
/// each source, only the 64 most recently used environments are kept. Files named by `keep` stay.
///
/// # Errors
/// When the folder cannot be read. Files that cannot be removed stay.
pub fn sweep(folder: &StateFolder, now: Moment, keep: impl Fn(&str) -> bool) -> io::Result<()> {
    let mut of_environments: BTreeMap<(String, &str), Vec<(SystemTime, String)>> = BTreeMap::new();
    for file in fs::read_dir(folder.path())? {
        let file = file?;
        let name = file.file_name();
        let Some(name) = name.to_str() else { continue };
        let kept_for = match name {
            _ if name.ends_with(DRAFT_SUFFIX) => DRAFT_KEPT_FOR,
            _ if name.ends_with(RECORDS_SUFFIX) => RECORDS_KEPT_FOR,
            _ => KEPT_FOR,
        };
        // Drafts may disappear at any time. The other files are still swept.
        let Ok(used_at) = file.metadata().and_then(|metadata| metadata.modified()) else {
            continue;
        };
        if !is_ours(name) || keep(name) {
            continue;
        }
        if now.since(used_at.into()) > kept_for {
            sweep_away(folder, name);
        } else if let Some(source) = EntryId::source_of_file(name) {
            let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
            let kind = ["entry", "failure", "lock"].into_iter().find(|known| *known == kind);
            let group = (source.to_owned(), kind.unwrap_or_default());
            of_environments.entry(group).or_default().push((used_at, name.to_owned()));
        }
    }
    for mut files in of_environments.into_values() {
        files.sort_unstable_by(|a, b| b.cmp(a));
        files.iter().skip(ENVIRONMENTS_KEPT).for_each(|(_, name)| sweep_away(folder, name));
    }
    Ok(())
}

fn sweep_away(folder: &StateFolder, name: &str) {
    // Only the holder of a lock removes it: see `StateFolder::try_lock`.
    let _lock = match name.ends_with(".lock").then(|| folder.try_lock(name)) {
        None => None,
        Some(Ok(Some(lock))) => Some(lock),
        Some(_) => return,
    };
    let _ = fs::remove_file(folder.path().join(name));
}

/// The names of all entries in order, of any version and sealing key.
///
/// # Errors
/// When the folder cannot be read.
pub fn entry_files(folder: &StateFolder) -> io::Result<Vec<String>> {
    let mut names = files(folder)?;
    names.retain(|name| name.ends_with(".entry"));
    Ok(names)
}

/// The names of all files of a source in order, for any settings and environment.
///
/// # Errors
/// When the folder cannot be read.
pub fn files_of(folder: &StateFolder, source: &str) -> io::Result<Vec<String>> {
    let mut names = files(folder)?;
    names.retain(|name| EntryId::source_of_file(name) == Some(source));
    Ok(names)
}

/// The names of all files; none if there is no folder.
fn files(folder: &StateFolder) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let files = match fs::read_dir(folder.path()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
        files => files?,
    };
    for file in files {
        names.extend(file?.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

fn is_ours(name: &str) -> bool {
    [".entry", ".failure", ".lock", ".plan", DRAFT_SUFFIX, RECORDS_SUFFIX, UNREADABLE_SUFFIX]
        .iter()
        .any(|suffix| name.ends_with(suffix))
}

#[cfg(all(test, unix))]
mod tests;
