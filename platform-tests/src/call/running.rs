//! A running program.

use std::io::{self, Read, Write as _};
use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};

use super::Answer;
#[cfg(target_os = "linux")]
use crate::binaries::WORKER;
#[cfg(target_os = "linux")]
use crate::process::Process;
use crate::wait::{LIMIT, until};

/// A running program. It is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    line: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Receiver<io::Result<Vec<u8>>>,
    stderr: Receiver<io::Result<Vec<u8>>>,
}

impl Running {
    pub(super) fn new(mut child: Child, input: Option<&[u8]>, line: String) -> Self {
        let mut stdin = child.stdin.take();
        let stdout = read(child.stdout.take().expect("its stdout"));
        let stderr = read(child.stderr.take().expect("its stderr"));
        if let (Some(input), Some(mut pipe)) = (input, stdin.take_if(|_| input.is_some())) {
            // Not every program reads its stdin.
            let _ = pipe.write_all(input);
        }
        Self { line, child, stdin, stdout, stderr }
    }

    /// Kills the program, but not its children.
    ///
    /// # Panics
    /// The system refuses it.
    pub fn kill(&mut self) {
        self.child.kill().expect("a process of ours");
    }

    /// Returns the process.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn process(&self) -> Process {
        Process { id: self.child.id() }
    }

    /// Writes to stdin, which must be open.
    ///
    /// # Panics
    /// The program does not read it.
    #[track_caller]
    pub fn feed(&mut self, input: &[u8]) {
        let stdin = self.stdin.as_mut().expect("an open stdin");
        stdin.write_all(input).unwrap_or_else(|error| panic!("{}: {error}", self.line));
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// The system refuses it.
    #[cfg(unix)]
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        // Only this type reaps the process, so the ID is not reused.
        let id = Pid::from_raw(self.child.id().cast_signed()).expect("a process id");
        kill_process(id, signal).unwrap_or_else(|error| panic!("{}: {error}", self.line));
    }

    /// Waits until the program has ended and its output is closed.
    ///
    /// # Panics
    /// That takes too long.
    #[track_caller]
    #[must_use]
    pub fn finish(mut self) -> Answer {
        let [stdout, stderr] = [&self.stdout, &self.stderr].map(|stream| {
            let Ok(text) = stream.recv_timeout(LIMIT) else {
                panic!("{} runs for {LIMIT:?}, or something keeps its output open", self.line);
            };
            String::from_utf8_lossy(&text.expect("the program's output")).into_owned()
        });
        let line = self.line.clone();
        let status = until("the program ends", || self.child.try_wait().expect("its status"));
        Answer { line, code: status.code(), signal: signal(status), stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A process that has ended is only reaped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads `stream` to its end.
fn read(mut stream: impl Read + Send + 'static) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, output) = channel();
    thread::spawn(move || {
        let mut content = Vec::new();
        let read = stream.read_to_end(&mut content);
        // A failed test does not wait for it any more.
        let _ = sender.send(read.map(|_| content));
    });
    output
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

/// Waits until each of `calls` has become the worker and is waiting: for the source, or for another
/// process that is refreshing it. The second thread of a worker is the one that enforces the
/// deadline.
///
/// # Panics
/// That takes too long.
#[cfg(target_os = "linux")]
#[track_caller]
pub fn wait_for_workers(calls: &[Running]) {
    let mut others: Vec<Process> = calls.iter().map(Running::process).collect();
    until("all of them have begun to wait", || {
        others.retain(|process| !process.is_called(WORKER) || !process.waits_with_threads(2));
        others.is_empty().then_some(())
    });
}
