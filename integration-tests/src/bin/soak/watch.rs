//! The processes and files that calls leave.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use integration_tests::process::Process;
use integration_tests::wait::{sleep, until};

use crate::sources::{NAMES, Sources};

/// A process for each caller, and a background worker for each source.
const MOST_WORKERS: usize = crate::CALLERS + NAMES.len();
/// Each worker with its script: a shell, and at most two processes of a pipe.
const MOST_PROCESSES: usize = MOST_WORKERS * 4;
/// The sources of the profiles, and the one that another source uses.
const SOURCES: usize = NAMES.len() + 1;
/// A plan, an entry, a failure and a lock for each source; the log, the previous log, and the key
/// of its hashes; a draft for each process.
const MOST_FILES: usize = SOURCES * 4 + 3 + MOST_WORKERS;

/// The highest numbers at any time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Peak {
    pub(crate) processes: usize,
    pub(crate) files: usize,
}

/// Checks every second until `is_over`.
pub(crate) fn watch(sources: &Sources, is_over: &AtomicBool) -> (Peak, Vec<String>) {
    let mut peak = Peak::default();
    let mut wrong = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let home = sources.home.path();
        let processes = Process::all_with("HOME", home).len();
        let files = sources.home.state().files("").len();
        peak = Peak { processes: peak.processes.max(processes), files: peak.files.max(files) };
        if processes > MOST_PROCESSES || files > MOST_FILES {
            wrong.push(format!("{processes} processes, {files} files at once"));
        }
        sleep(Duration::from_secs(1));
    }
    (peak, wrong)
}

/// Returns the processes and files that are left after all callers have ended.
pub(crate) fn leftovers(sources: &Sources) -> Vec<String> {
    until("nobody works any more", || {
        Process::all_with("HOME", sources.home.path()).is_empty().then_some(())
    });
    let state = sources.home.state();
    let suffixes = [
        (".tmp", 0),
        (".unreadable", 0),
        (".entry", SOURCES),
        (".plan", NAMES.len()),
        (".lock", SOURCES),
    ];
    let too_many = suffixes.into_iter().filter_map(|(suffix, most)| {
        let files = state.files(suffix);
        (files.len() > most).then(|| format!("left behind: {files:?}"))
    });
    too_many.collect()
}
