//! What the calls leave: processes and files.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use integration_tests::process::Process;
use integration_tests::wait::{sleep, until};

use crate::sources::{NAMES, Sources};

/// Each caller's process, and behind an answer a worker for each source.
const MOST_WORKERS: usize = crate::CALLERS + NAMES.len();
/// Each with its script, which is a shell and at most the two ends of a pipe.
const MOST_PROCESSES: usize = MOST_WORKERS * 4;
/// The profiles' sources, and the one that is used by another.
const SOURCES: usize = NAMES.len() + 1;
/// A plan, an entry, a failure and a lock for each source; the log, the one before it, and what keys its
/// hashes; a draft for each process.
const MOST_FILES: usize = SOURCES * 4 + 3 + MOST_WORKERS;

/// The most that there was at once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Peak {
    pub(crate) processes: usize,
    pub(crate) files: usize,
}

/// Looks every second until `is_over`.
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

/// What is left when all callers have gone.
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
