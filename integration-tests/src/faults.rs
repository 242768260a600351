//! Faults at the system calls of the real programs: `strace` lets one call fail, or kills the process
//! there, and everything that can be seen afterwards is looked at.

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

/// What happens at a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The process is killed before it.
    Kill,
    /// It does nothing, and has this error.
    Error(&'static str),
}

impl Fault {
    /// All that are tried.
    pub const ALL: [Self; 6] = [
        Self::Kill,
        Self::Error("ENOSPC"),
        Self::Error("EIO"),
        Self::Error("EROFS"),
        Self::Error("EACCES"),
        Self::Error("EMFILE"),
    ];

    /// The absence of one.
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

/// A call that can be made again and again from the same beginning, and what must hold after it.
pub trait Fixture {
    /// Makes everything what it was before the call.
    fn set(&self);

    /// The call that a fault hits.
    fn call(&self) -> Call;

    /// Whose home the call is made in.
    fn home(&self) -> &Home;

    /// Whether the call prints a key when it succeeds.
    fn prints(&self) -> bool;

    /// Whether that is a key of the source.
    fn is_key(&self, text: &str) -> bool;

    /// What must not be said.
    fn secrets(&self) -> Vec<String>;

    /// Whatever happened to the call, the next ones are right.
    ///
    /// # Panics
    /// When they are not.
    fn check_next(&self);
}

/// A way to such a call.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// What it is called in tables.
    pub name: &'static str,
    /// Makes one more fixture: each thread has its own.
    pub fixture: fn() -> Box<dyn Fixture>,
}
