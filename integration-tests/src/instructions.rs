//! The instructions of a call, as `callgrind` counts them: the same at each run, whatever else the
//! machine does.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::call::{Answer, Call};
use crate::install;

/// Runs `call`, and gives the number of instructions of its process; `None` where that became another
/// program.
///
/// # Panics
/// When `valgrind` is not there and cannot be installed.
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
    // What is counted next is not to be taken for this.
    let _ = fs::remove_file(&file);
    (answer, total(&text))
}

fn total(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("totals: ")).and_then(|n| n.trim().parse().ok())
}
