//! A program and all that it starts, ended together.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use other::Group;
#[cfg(unix)]
pub(crate) use unix::Group;
