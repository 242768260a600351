//! Files of the state folder on each system.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;
