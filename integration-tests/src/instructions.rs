//! Counts the instructions of a call by `callgrind`: the number is the same in each run, whatever
//! else the machine does.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::call::{Answer, Call};
use crate::install;

/// Runs `call`, and returns the number of instructions of its process; `None` if it became another
/// program.
///
/// # Panics
/// `valgrind` is missing and cannot be installed.
#[must_use]
#[track_caller]
pub fn count(call: Call, folder: &Path) -> (Answer, Option<u64>) {
    let valgrind = install::debian_wrapper("valgrind", &["valgrind"]);
    let file = folder.join("callgrind.out");
    let mut out = OsString::from("--callgrind-out-file=");
    out.push(&file);
    let options = ["-q", "--tool=callgrind"].map(OsString::from);
    let line = [valgrind.into()].into_iter().chain(options).chain([out]);
    let answer = call.under(line).run();
    let text = fs::read_to_string(&file).unwrap_or_default();
    // Otherwise the next count could read this file.
    let _ = fs::remove_file(&file);
    (answer, total(&text))
}

fn total(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("totals: ")).and_then(|n| n.trim().parse().ok())
}
