//! Opens files without following links or waiting for other processes.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(unix)]
pub(crate) use unix::open_without_waiting;
#[cfg(windows)]
use windows as platform;

pub use platform::private;
pub(crate) use platform::{is_link, open_unlinked};
