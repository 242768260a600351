//! A place where a script waits until the test resumes it.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::files;
use crate::wait::until;

/// A FIFO. A script that reads from it waits; the test sees that it is there, and resumes it.
/// Neither side waits for a fixed time.
#[derive(Debug)]
pub struct Breakpoint {
    path: PathBuf,
}

impl Breakpoint {
    /// Makes a breakpoint at `path`.
    ///
    /// # Panics
    /// It cannot be made.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        files::make_fifo(path);
        Self { path: path.to_owned() }
    }

    /// Returns the shell command that waits here.
    #[must_use]
    pub fn command(&self) -> String {
        format!("read -r _ <'{}'", self.path.display())
    }

    /// Waits until a script is here. The script resumes when the result is dropped.
    #[must_use]
    pub fn reached(&self) -> Paused {
        Paused { _writer: until("a script waits at the breakpoint", || self.writer()) }
    }

    /// Opening for writing succeeds as soon as a script has opened the FIFO.
    fn writer(&self) -> Option<File> {
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        OpenOptions::new().write(true).custom_flags(flags).open(&self.path).ok()
    }
}

impl Drop for Breakpoint {
    /// Resumes a script that still waits, even if the test has failed.
    fn drop(&mut self) {
        drop(self.writer());
    }
}

/// A script that waits at a breakpoint.
#[derive(Debug)]
pub struct Paused {
    _writer: File,
}

impl Paused {
    /// Resumes the script.
    pub fn resume(self) {}
}
