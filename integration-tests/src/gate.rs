//! A place where a script waits until the test lets it go on.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::files;
use crate::wait::until;

/// A FIFO. A script that reads from it stands still; the test sees that it is there, and lets it go
/// on. Neither side waits for a time.
#[derive(Debug)]
pub struct Gate {
    path: PathBuf,
}

impl Gate {
    /// A closed gate at `path`.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        files::make_fifo(path);
        Self { path: path.to_owned() }
    }

    /// The shell's command that waits here.
    #[must_use]
    pub fn pass(&self) -> String {
        format!("read -r _ <'{}'", self.path.display())
    }

    /// Waits until somebody stands here. They go on when the answer is dropped.
    #[must_use]
    pub fn reached(&self) -> Held {
        Held { _writer: until("a script stands at the gate", || self.writer()) }
    }

    /// Opening for writing succeeds as soon as somebody opens for reading.
    fn writer(&self) -> Option<File> {
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        OpenOptions::new().write(true).custom_flags(flags).open(&self.path).ok()
    }
}

impl Drop for Gate {
    /// Nobody is left standing, whatever became of the test.
    fn drop(&mut self) {
        drop(self.writer());
    }
}

/// Somebody stands at a gate.
#[derive(Debug)]
pub struct Held {
    _writer: File,
}

impl Held {
    /// Lets them go on.
    pub fn let_go(self) {}
}
