//! What this process was started with, and what a program is to have that takes its place.

use std::process::Command;

#[cfg(unix)]
use crate::process::posix;

/// The limits that the worker tightens for itself, as they were before.
#[cfg(unix)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inherited {
    umask: rustix::fs::Mode,
    core_images: rustix::process::Rlimit,
}

#[cfg(unix)]
impl Inherited {
    /// Reads them, before anything is changed.
    pub(crate) fn read() -> Self {
        use rustix::fs::Mode;
        use rustix::process::{Resource, getrlimit, umask};

        // It can only be read by setting it (POSIX, `umask`).
        let before = umask(Mode::RWXG | Mode::RWXO);
        umask(before);
        Self { umask: before, core_images: getrlimit(Resource::Core) }
    }

    /// Lets `command` begin with them.
    pub(crate) fn hand_to(&self, command: &mut Command) {
        posix::begin_with(command, self.umask, self.core_images);
    }
}

/// Elsewhere nothing is tightened.
#[cfg(not(unix))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inherited;

#[cfg(not(unix))]
impl Inherited {
    pub(crate) fn read() -> Self {
        Self
    }

    pub(crate) fn hand_to(&self, _: &mut Command) {}
}
