//! The system calls of a call, as `strace` sees them.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::call::{Answer, Call};
use crate::install;

/// A system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemCall {
    /// Its name.
    pub name: String,
    /// Its arguments and its result, as `strace` writes them.
    pub rest: String,
}

impl SystemCall {
    /// The path in its arguments.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        let (_, path) = self.rest.split_once('"')?;
        Some(path.split_once('"')?.0)
    }
}

/// Those of `calls` that have one of these names.
#[must_use]
pub fn named<'a>(calls: &'a [SystemCall], names: &[&str]) -> Vec<&'a SystemCall> {
    calls.iter().filter(|call| names.contains(&&*call.name)).collect()
}

/// What starts a process or a thread.
pub const STARTS: [&str; 4] = ["clone", "clone3", "fork", "vfork"];

/// Runs `call`, and gives its system calls, those of its threads and children included, in order.
///
/// # Panics
/// When `strace` is not there and cannot be installed.
#[must_use]
#[track_caller]
pub fn trace(call: Call, folder: &Path) -> (Answer, Vec<SystemCall>) {
    install::debian("strace", &["strace"]);
    let file = folder.join("strace.out");
    let strace =
        ["strace", "-f", "-qq", "-s", "4096", "-e", "signal=none", "-o"].map(OsString::from);
    let answer = call.under(strace.into_iter().chain([file.clone().into()])).run();
    let text = fs::read_to_string(&file).expect("the trace");
    (answer, text.lines().filter_map(read).collect())
}

/// Reads `PID NAME(REST`. Lines about how a process ended are no calls.
fn read(line: &str) -> Option<SystemCall> {
    let (_, call) = line.split_once(char::is_whitespace)?;
    let (name, rest) = call.trim_start().split_once('(')?;
    Some(SystemCall { name: name.to_owned(), rest: rest.to_owned() })
}
