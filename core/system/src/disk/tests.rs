//! Files of the state folder, as each system treats them.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;
