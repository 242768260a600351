//! The processes of this machine.

use super::client::{Process, Processes};

/// The processes that the system reports.
pub(super) const THIS: Machine = Machine;

#[derive(Clone, Copy, Debug)]
pub(super) struct Machine;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

/// The names of shells.
const SHELLS: [&str; 9] = ["sh", "ash", "bash", "busybox", "dash", "fish", "ksh", "mksh", "zsh"];

/// On other systems only our parent is known. It is the client if that runs us by `exec`. Its start
/// time is unknown, so for a while a later process with the same id counts as the same client.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "macos"))))]
impl Processes for Machine {
    fn parent(&self) -> Option<u32> {
        Some(std::os::unix::process::parent_id())
    }

    fn process(&self, id: u32) -> Option<Process> {
        (self.parent() == Some(id)).then_some(Process { parent: 0, started: 0 })
    }

    fn is_shell(&self, _: u32) -> bool {
        false
    }
}
