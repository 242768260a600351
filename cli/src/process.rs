//! This process: what it was started with, how it ends, and what it leaves to a program that it
//! starts.

pub(crate) mod inherited;
pub(crate) mod panics;
#[cfg(unix)]
pub(crate) mod posix;
pub(crate) mod signals;
pub(crate) mod watchdog;
