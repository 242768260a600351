//! The system calls of a call, as `strace` reports them.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::call::{Answer, Call};
use crate::install;
use crate::syscalls::dumpable;

/// A system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemCall {
    /// The name.
    pub name: String,
    /// The arguments and the result, in the notation of `strace`.
    pub rest: String,
}

impl SystemCall {
    /// Returns the path in its arguments.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        let (_, path) = self.rest.split_once('"')?;
        Some(path.split_once('"')?.0)
    }
}

/// Returns the `calls` with one of these names.
#[must_use]
pub fn named<'a>(calls: &'a [SystemCall], names: &[&str]) -> Vec<&'a SystemCall> {
    calls.iter().filter(|call| names.contains(&&*call.name)).collect()
}

/// The system calls that start a process or a thread.
pub const STARTS: [&str; 4] = ["clone", "clone3", "fork", "vfork"];

/// Runs `call`, and returns its system calls in order, including those of its threads and children.
///
/// # Panics
/// `strace` is missing and cannot be installed.
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

/// Runs `call` with more options of `strace`, and returns its output. Without `-f`, that covers
/// only the first thread, through every program that it becomes.
///
/// # Panics
/// See [`trace`].
#[must_use]
#[track_caller]
pub fn trace_with(call: Call, folder: &Path, options: &[String]) -> (Answer, String) {
    let answer = under_strace(call, folder, options).run();
    (answer, fs::read_to_string(folder.join(TRACE)).expect("the trace"))
}

/// Returns `call` under `strace` with these options, which writes into `folder`.
///
/// # Panics
/// See [`trace`].
#[must_use]
#[track_caller]
pub fn under_strace(call: Call, folder: &Path, options: &[String]) -> Call {
    let output = ["-q", "-s", "64", "-o"].map(OsString::from);
    let options = options.iter().map(OsString::from);
    let line = [strace()].into_iter().chain(output).chain([folder.join(TRACE).into()]);
    dumpable(call.under(line.chain(options)))
}

/// Without root, a tracer can only read the arguments of dumpable programs.
fn strace() -> OsString {
    install::debian_wrapper("strace", &["strace"]).into()
}

/// The name of the file that `strace` writes.
pub const TRACE: &str = "strace.out";

/// Parses `NAME(REST`. Lines about the end of a process are skipped.
#[must_use]
pub fn read(line: &str) -> Option<SystemCall> {
    let (name, rest) = line.split_once('(')?;
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name(name).then(|| SystemCall { name: name.to_owned(), rest: rest.to_owned() })
}
