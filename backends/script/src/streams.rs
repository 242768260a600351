//! What a program prints, read within bounds.

use std::future::pending;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStderr, ChildStdout};
use zeroize::Zeroizing;

use crate::group::Group;

/// The longest output that is read, in bytes.
pub(crate) const OUTPUT_LIMIT: usize = 1 << 20;
/// How much of the end of stderr is kept, in bytes.
const TAIL_LENGTH: usize = 4 << 10;

/// A program's stdout, whole, and the end of its stderr.
///
/// Both buffers have their full size from the beginning, for one that grows leaves copies of what
/// it held behind.
pub(crate) struct Streams {
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    output: Zeroizing<Vec<u8>>,
    tail: Zeroizing<Vec<u8>>,
}

impl Streams {
    pub(crate) fn of(group: &mut Group) -> Self {
        Self {
            stdout: group.stdout(),
            stderr: group.stderr(),
            output: Zeroizing::new(Vec::with_capacity(OUTPUT_LIMIT + 1)),
            tail: Zeroizing::new(Vec::with_capacity(2 * TAIL_LENGTH)),
        }
    }

    /// Reads once from whichever stream has something. Never returns when both are closed.
    /// Nothing is lost when it is dropped.
    pub(crate) async fn read(&mut self) {
        tokio::select! {
            () = read_some(&mut self.stdout, &mut self.output) => {
                if self.is_too_long() {
                    // A writer finds out at once, instead of blocking on a full pipe.
                    self.stdout = None;
                }
            }
            () = read_some(&mut self.stderr, &mut self.tail) => {
                let surplus = self.tail.len().saturating_sub(TAIL_LENGTH);
                self.tail.drain(..surplus);
            }
        }
    }

    /// Reads until both are closed.
    pub(crate) async fn close(&mut self) {
        while self.stdout.is_some() || self.stderr.is_some() {
            self.read().await;
        }
    }

    /// Reads what is wanted of a program that has exited: its output, and what it says about having
    /// failed or having no output.
    pub(crate) async fn finish(&mut self, succeeded: bool) {
        while !self.is_too_long() {
            let wants_stderr = !succeeded || self.output.is_empty();
            if self.stdout.is_none() && (self.stderr.is_none() || !wants_stderr) {
                return;
            }
            self.read().await;
        }
    }

    pub(crate) fn is_too_long(&self) -> bool {
        self.output.len() > OUTPUT_LIMIT
    }

    /// Returns whether a process may still write to stdout.
    pub(crate) const fn is_open(&self) -> bool {
        self.stdout.is_some()
    }

    /// The output, and the end of what was said.
    pub(crate) fn into_parts(self) -> (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>) {
        (self.output, self.tail)
    }

    pub(crate) fn tail(&self) -> &[u8] {
        &self.tail
    }

    pub(crate) fn output(&self) -> &[u8] {
        &self.output
    }
}

/// Reads once into the room that `buffer` has left, which is never none. A stream that ends or
/// fails is closed, and one that is closed is waited for in vain.
async fn read_some<R: AsyncRead + Unpin>(stream: &mut Option<R>, buffer: &mut Vec<u8>) {
    let Some(open) = stream else { return pending().await };
    if !matches!(open.read_buf(buffer).await, Ok(1..)) {
        *stream = None;
    }
}
