//! Checks the state folder: its owner, whether it can be written to, and its files.

use std::fs;
use std::path::Path;

use api_key_helper_cache::ENTRY_VERSION;
use api_key_helper_core::Source;
use api_key_helper_files as files;
use api_key_helper_system::{Places, ReadError, StateFolder, UNREADABLE_SUFFIX, advice};
use api_key_helper_values::Error;

use super::file_system;
use super::finding::{Check, Finding};
use crate::readable::counted;
use crate::session::Session;

/// The variable that names the parent of the state folder.
const STATE_VARIABLE: &str = Places::STATE_VARIABLES[0];
/// The least free space in bytes. A refresh reserves 64 KiB, and the log takes up to 2 MiB.
const NEEDED: u64 = 4 << 20;

/// Checks the folder. Also returns the error that prevents its use.
pub(super) fn folder(folder: &StateFolder) -> (Vec<Finding>, Option<Error>) {
    let path = folder.path();
    let shown = path.display();
    match folder.prepare() {
        Err(ReadError::Refused(error)) => {
            return (vec![Finding::of(Check::StateFolder, &error)], Some(error));
        }
        Err(ReadError::Io(error)) => {
            let text = format!("nothing is cached: the state folder `{shown}`: {error}");
            let hint = format!("set `{STATE_VARIABLE}` to a folder that you can write to");
            return (vec![Finding::error(Check::StateFolder, text, hint)], None);
        }
        Ok(()) => {}
    }
    let ok = Finding::ok(Check::StateFolder, format!("`{shown}` is yours alone"));
    let mut findings = vec![ok, writable(path)];
    findings.extend(file_system::room(path).ok().map(|room| judge_room(path, room)));
    findings.extend(file_system::network(path).ok().map(|network| on_network(path, network)));
    (findings, None)
}

fn writable(path: &Path) -> Finding {
    let shown = path.display();
    // As the engine writes: a draft under another name.
    match files::draft(tempfile::Builder::new().suffix(".tmp"), path) {
        Ok(_) => Finding::ok(Check::StateFolderWritable, format!("`{shown}` can be written to")),
        Err(error) => Finding::error(
            Check::StateFolderWritable,
            format!("`{shown}` cannot be written to: {error}"),
            format!("make it writable, or set `{STATE_VARIABLE}` to a folder that is"),
        ),
    }
}

fn judge_room(path: &Path, room: u64) -> Finding {
    let text = format!("`{}` has {} MiB of room", path.display(), room >> 20);
    if room < NEEDED {
        let hint = format!("make room on its disk, see `{}`", advice::room_of(path));
        return Finding::warning(Check::StateFolderSpace, text, hint);
    }
    Finding::ok(Check::StateFolderSpace, text)
}

fn on_network(path: &Path, network: Option<&str>) -> Finding {
    let shown = path.display();
    let check = Check::StateFolderFileSystem;
    match network {
        None => Finding::ok(check, format!("`{shown}` is on a file system of this machine")),
        Some(kind) => Finding::warning(
            check,
            format!("`{shown}` is on {kind}, where locks and renaming may not hold"),
            format!(
                "set `{STATE_VARIABLE}` to a folder of this machine, in a profile of your shell"
            ),
        ),
    }
}

/// Checks the files in the folder, before anything is fetched.
pub(super) fn entries(session: &Session) -> Vec<Finding> {
    let folder = session.folder.path();
    let names = names(folder);
    let mut findings: Vec<Finding> =
        session.all_sources().iter().map(|source| entry(session, source)).collect();
    let set_aside = names.iter().filter(|name| name.ends_with(UNREADABLE_SUFFIX)).count();
    findings.push(match set_aside {
        0 => Finding::ok(Check::EntriesSetAside, "no entry was set aside as unreadable"),
        number => Finding::warning(
            Check::EntriesSetAside,
            format!(
                "{} set aside as unreadable, with what renewed its key",
                counted(number, "entry was", "entries were")
            ),
            format!(
                "if no source misses its sign-in, run `{}`",
                advice::remove_ending(folder, UNREADABLE_SUFFIX)
            ),
        ),
    });
    let newer =
        names.iter().filter(|name| version(name).is_some_and(|v| v > ENTRY_VERSION)).count();
    findings.push(match newer {
        0 => Finding::ok(Check::EntriesOfOtherVersions, "no entry is of a newer version"),
        number => Finding::warning(
            Check::EntriesOfOtherVersions,
            format!(
                "{} of a newer version, which has a cache of its own",
                counted(number, "entry is", "entries are")
            ),
            "use one version: compare `api-key-helper --version` wherever it is installed",
        ),
    });
    findings
}

fn entry(session: &Session, source: &Source) -> Finding {
    let id = &source.planned.id;
    let name = &id.source;
    let check = Check::CachedEntries;
    let finding = match session.entry(id) {
        Ok(None) => Finding::ok(check, format!("nothing is cached of `{name}`")),
        Ok(Some(Some(_))) => Finding::ok(check, format!("what is cached of `{name}` can be read")),
        Ok(Some(None)) => Finding::warning(
            check,
            format!(
                "what is cached of `{name}` cannot be read, and is set aside by the next fetch"
            ),
            "if somebody was signed in, run `api-key-helper login`; else nothing is to be done",
        ),
        Err(ReadError::Refused(error)) => Finding::of(check, &error),
        Err(ReadError::Io(error)) => Finding::error(
            check,
            format!("what is cached of `{name}` cannot be read: {error}"),
            format!("look at it with `{}`", advice::look_at(session.folder.path())),
        ),
    };
    finding.about(name)
}

/// The format version in an entry's file name, `….vN.entry`.
fn version(name: &str) -> Option<u8> {
    name.strip_suffix(".entry")?.rsplit_once(".v")?.1.parse().ok()
}

/// The names in the folder; none if it cannot be read.
fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn doctor_warns_when_the_state_folder_lacks_room() {
        let level = |room| judge_room(Path::new("/s"), room).level;
        assert_eq!(level(NEEDED), Level::Ok);
        assert_eq!(level(NEEDED - 1), Level::Warning);
    }

    #[test]
    fn entry_file_name_has_its_version() {
        assert_eq!(version("main-012345-plain.v2.entry"), Some(2));
        assert_eq!(version("main-012345-plain.v2.entry.x.unreadable"), None);
        assert_eq!(version("main-012345.lock"), None);
    }

    #[test]
    fn doctor_warns_of_a_state_folder_on_nfs() {
        let finding = on_network(Path::new("/s"), Some("NFS"));
        assert_eq!(finding.level, Level::Warning);
        assert!(finding.text.contains("`/s` is on NFS"), "{finding:?}");
        assert_eq!(on_network(Path::new("/s"), None).level, Level::Ok);
    }
}
