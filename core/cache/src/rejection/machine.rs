//! The processes of this machine.

use super::client::{Process, Processes};

/// The processes of this machine, as far as it shows them.
pub(super) const THIS: Machine = Machine;

#[derive(Clone, Copy, Debug)]
pub(super) struct Machine;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

/// The names of shells' programs.
const SHELLS: [&str; 9] = ["sh", "ash", "bash", "busybox", "dash", "fish", "ksh", "mksh", "zsh"];

/// Elsewhere only our parent is known, which is the client where it runs us by `exec`; and not when
/// it was started, so that for a while its successor under the same id passes for it.
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
