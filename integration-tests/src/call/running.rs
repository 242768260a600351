//! A program while it runs.

use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStdin, Output};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::Answer;
use crate::binaries::Binaries;
use crate::process::Process;
use crate::wait::{LIMIT, until};

/// A program that runs. It is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    line: String,
    id: u32,
    handle: OwnedFd,
    stdin: Option<ChildStdin>,
    output: Receiver<io::Result<Output>>,
}

impl Running {
    pub(super) fn new(mut child: Child, input: Option<&[u8]>, line: String) -> Self {
        let id = child.id();
        // Opened before anybody reaps the child: no signal reaches a stranger.
        let pid = Pid::from_raw(id.cast_signed()).expect("a process id");
        let handle = pidfd_open(pid, PidfdFlags::empty()).expect("a handle of the process");
        let mut stdin = child.stdin.take();
        if let (Some(input), Some(mut pipe)) = (input, stdin.take_if(|_| input.is_some())) {
            // Whoever does not read it does not want it.
            let _ = pipe.write_all(input);
        }
        let (sender, output) = channel();
        // Nobody waits for it any more when the test has failed.
        thread::spawn(move || sender.send(child.wait_with_output()));
        Self { line, id, handle, stdin, output }
    }

    /// The process.
    #[must_use]
    pub const fn process(&self) -> Process {
        Process { id: self.id }
    }

    /// Writes something more to its stdin, which was left open.
    ///
    /// # Panics
    /// When nobody reads it.
    #[track_caller]
    pub fn feed(&mut self, input: &[u8]) {
        let stdin = self.stdin.as_mut().expect("an open stdin");
        stdin.write_all(input).unwrap_or_else(|error| panic!("{}: {error}", self.line));
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it has ended.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        pidfd_send_signal(&self.handle, signal)
            .unwrap_or_else(|error| panic!("{}: {error}", self.line));
    }

    /// Waits for its end, and that of all that it printed.
    ///
    /// # Panics
    /// When that does not come.
    #[track_caller]
    #[must_use]
    pub fn finish(self) -> Answer {
        let Ok(output) = self.output.recv_timeout(LIMIT) else {
            panic!("{} runs for {LIMIT:?}, or something keeps its stdout open", self.line);
        };
        let output = output.expect("the program's output");
        Answer {
            line: self.line.clone(),
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended needs no signal.
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
        drop(self.stdin.take());
    }
}

/// Waits until each of `calls` has become the worker, is done with all that it does at once, and has
/// begun to wait: for the source, or for somebody who asks it. A worker's second thread is the one
/// that keeps its deadline.
///
/// # Panics
/// When that does not come.
#[track_caller]
pub fn wait_for_workers(calls: &[Running]) {
    let worker = Binaries::built().worker.canonicalize().expect("the worker's real path");
    let mut others: Vec<Process> = calls.iter().map(Running::process).collect();
    until("all of them have begun to wait", || {
        others.retain(|process| {
            process.program().as_ref() != Some(&worker) || !process.waits_with_threads(2)
        });
        others.is_empty().then_some(())
    });
}
