//! Limits that this process inherited, and that `exec` passes on.

use std::process::Command;

#[cfg(unix)]
use crate::process::posix;

/// The limits as they were before the worker tightened them for itself.
#[cfg(unix)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inherited {
    umask: rustix::fs::Mode,
    core_images: rustix::process::Rlimit,
}

#[cfg(unix)]
impl Inherited {
    /// Reads the limits. Must be called before any is changed.
    pub(crate) fn read() -> Self {
        use rustix::fs::Mode;
        use rustix::process::{Resource, getrlimit, umask};

        // The mask can only be read by setting it (POSIX, `umask`).
        let before = umask(Mode::RWXG | Mode::RWXO);
        umask(before);
        Self { umask: before, core_images: getrlimit(Resource::Core) }
    }

    /// Lets `command` start with these limits.
    pub(crate) fn hand_to(&self, command: &mut Command) {
        posix::begin_with(command, self.umask, self.core_images);
    }
}

/// On other systems, no limit is tightened.
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
