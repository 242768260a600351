//! This process: its inherited limits, its end, and what it passes on to the programs it starts.

pub(crate) mod inherited;
pub(crate) mod panics;
#[cfg(unix)]
pub(crate) mod posix;
pub(crate) mod signals;
pub(crate) mod watchdog;
