//! Faults at system calls of the real programs. `strace` makes one call fail, or kills the process
//! there; then all visible results are checked.

mod outcome;
pub mod possible;
pub mod script;
pub mod servers;
pub mod sign_in;
mod snapshot;
mod sweep;
mod target;

use std::fmt;

pub use snapshot::Snapshot;
pub use sweep::{Counts, inject_all, sweep};
pub use target::Target;

use crate::call::Call;
use crate::home::Home;

/// A fault at a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The process is killed before the call.
    Kill,
    /// The call has no effect and returns this error.
    Error(&'static str),
}

impl Fault {
    /// All faults.
    pub const ALL: [Self; 6] = [
        Self::Kill,
        Self::Error("ENOSPC"),
        Self::Error("EIO"),
        Self::Error("EROFS"),
        Self::Error("EACCES"),
        Self::Error("EMFILE"),
    ];

    /// No fault.
    pub(crate) const NONE: Self = Self::Error("none");
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill => f.write_str("SIGKILL"),
            Self::Error(error) => f.write_str(error),
        }
    }
}

/// A call that can be repeated from the same starting point, with the conditions that must hold
/// after it.
pub trait Fixture {
    /// Restores the starting point.
    fn set(&self);

    /// Returns the call that a fault hits.
    fn call(&self) -> Call;

    /// Returns the home of the call.
    fn home(&self) -> &Home;

    /// Returns whether the call prints a key when it succeeds.
    fn prints(&self) -> bool;

    /// Returns whether `text` is a key of the source.
    fn is_key(&self, text: &str) -> bool;

    /// Returns the secrets, which must not be shown.
    fn secrets(&self) -> Vec<String>;

    /// Checks that later calls succeed, whatever happened to this one.
    ///
    /// # Panics
    /// They do not.
    fn check_next(&self);
}

/// A kind of call.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The name in tables.
    pub name: &'static str,
    /// Makes a fixture: each thread has its own.
    pub fixture: fn() -> Box<dyn Fixture>,
}
