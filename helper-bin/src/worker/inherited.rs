//! What this process was started with, and what a program is to have that takes its place.

use std::process::Command;

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
    #[expect(unsafe_code, reason = "the standard library has no other way to set them")]
    pub(crate) fn hand_to(&self, command: &mut Command) {
        use std::os::unix::process::CommandExt as _;

        use rustix::process::{Resource, setrlimit, umask};

        let Self { umask: mask, core_images } = *self;
        // SAFETY: between fork and exec only what is async-signal-safe may run (POSIX, fork). umask is
        // (POSIX.1-2024, 2.4.3 Signal Actions), and setrlimit is a bare system call; rustix allocates
        // nothing for either, and takes no lock.
        unsafe {
            command.pre_exec(move || {
                umask(mask);
                // A soft limit can always be raised to the hard one, which was left alone.
                let _ = setrlimit(Resource::Core, core_images);
                Ok(())
            });
        }
    }
}

/// Elsewhere nothing is tightened. Not tried.
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
