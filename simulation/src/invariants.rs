//! What must hold after every step, whatever goes wrong, and what is remembered to tell.

mod asking;
mod calling;
mod durability;
mod keys;
mod printing;
mod renewals;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api_key_helper_cache::KeyId;
use api_key_helper_values::{ErrorKind, Moment};

pub(crate) use self::calling::How;
use crate::profile::Slot;
use crate::renewal::Renewal;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The invariant's name, as `docs/internals/reliability.md` has it.
    pub invariant: &'static str,
    /// What happened.
    pub how: String,
}

/// What happened so far, as far as it bears on what may happen next. Where it is in doubt what the
/// engine could know, it holds less than it could: an invariant that breaks is broken.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Every key, by its number.
    keys: Vec<IssuedKey>,
    /// Fetches under way.
    flights: BTreeMap<Slot, u32>,
    /// How many fetches there were.
    fetches: BTreeMap<Slot, u64>,
    /// What was promised to be durable.
    kept: BTreeMap<Slot, Kept>,
    /// Failures that were remembered.
    failures: BTreeMap<Slot, Remembered>,
    /// When a source's refusal had been dealt with, by what its answers depend on.
    refused: BTreeMap<(Slot, &'static str), u64>,
    /// When somebody had signed out.
    signed_out: BTreeMap<Slot, u64>,
    /// Keys that another source has taken.
    taken: BTreeSet<usize>,
    /// Sources whose entry the disk itself has spoilt.
    pub(crate) rotten: BTreeSet<Slot>,
    /// Since locks were refused, or lost with their files, two processes may ask at once.
    pub(crate) are_locks_lost: bool,
    /// How many attempts there were, for the report.
    pub(crate) attempts: u64,
    /// Which key was printed last.
    pub(crate) last_printed: Option<KeyId>,
    /// How many keys were printed, for the report.
    pub(crate) printed: u64,
}

#[derive(Debug)]
struct IssuedKey {
    slot: Slot,
    /// The environment that it is good for.
    scope: &'static str,
    /// Each time that it was given out.
    issues: Vec<Issue>,
}

#[derive(Clone, Copy, Debug)]
struct Issue {
    step: u64,
    /// The clock's jumps until then.
    jumps: u32,
    /// What the machine took for the time when it asked.
    fetched_at: Moment,
    expires_at: Option<Moment>,
    /// Whether the API had refused the key before it.
    is_refetched: bool,
}

/// A renewal that was kept, and what the answers to it depend on.
#[derive(Clone, Copy, Debug)]
struct Kept {
    renewal: Renewal,
    scope: &'static str,
}

/// A failure as it was when its call ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remembered {
    scope: &'static str,
    kind: ErrorKind,
    count: u32,
    failed_at: Duration,
    /// The shortest pause that follows.
    pause: Duration,
    /// The clock's jumps until then.
    jumps: u32,
}
