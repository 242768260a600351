//! The system calls of a call, as `strace` sees them.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::call::{Answer, Call};
use crate::install;
use crate::syscalls::dumpable;

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
    let file = folder.join(TRACE);
    let options = ["-f", "-qq", "-s", "4096", "-e", "signal=none", "-o"].map(OsString::from);
    let line = [strace()].into_iter().chain(options).chain([file.clone().into()]);
    let answer = dumpable(call.under(line)).run();
    let text = fs::read_to_string(&file).expect("the trace");
    let of_process = |line: &str| read(line.split_once(char::is_whitespace)?.1.trim_start());
    (answer, text.lines().filter_map(of_process).collect())
}

/// Runs `call` with more of `strace`'s options, and gives what it wrote. Without `-f` that is of the
/// first thread alone, through every program that it becomes.
///
/// # Panics
/// As [`trace`].
#[must_use]
#[track_caller]
pub fn trace_with(call: Call, folder: &Path, options: &[String]) -> (Answer, String) {
    let answer = under_strace(call, folder, options).run();
    (answer, fs::read_to_string(folder.join(TRACE)).expect("the trace"))
}

/// `call` under `strace` with these options, which writes into `folder`.
///
/// # Panics
/// As [`trace`].
#[must_use]
#[track_caller]
pub fn under_strace(call: Call, folder: &Path, options: &[String]) -> Call {
    let output = ["-q", "-s", "64", "-o"].map(OsString::from);
    let options = options.iter().map(OsString::from);
    let line = [strace()].into_iter().chain(output).chain([folder.join(TRACE).into()]);
    dumpable(call.under(line.chain(options)))
}

/// A tracer without root's rights reads the arguments of a dumpable program alone.
fn strace() -> OsString {
    install::debian_wrapper("strace", &["strace"]).into()
}

/// The name of the file that `strace` writes.
pub const TRACE: &str = "strace.out";

/// Reads `NAME(REST`. Lines about how a process ended are no calls.
#[must_use]
pub fn read(line: &str) -> Option<SystemCall> {
    let (name, rest) = line.split_once('(')?;
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name(name).then(|| SystemCall { name: name.to_owned(), rest: rest.to_owned() })
}
