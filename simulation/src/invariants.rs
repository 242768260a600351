//! The invariants, which must hold after every step whatever fails, and the ledger that they use.

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
    /// The name of the invariant, as in `docs/reliability.md`.
    pub invariant: &'static str,
    /// The event that broke it.
    pub how: String,
}

/// The history, as far as the invariants need it. If it is uncertain whether the engine could know
/// a fact, the ledger leaves it out, so that a reported violation is a real one.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// All keys, by their numbers.
    keys: Vec<IssuedKey>,
    /// The fetches in progress.
    flights: BTreeMap<Slot, u32>,
    /// The number of fetches.
    fetches: BTreeMap<Slot, u64>,
    /// The renewals that were reported as durable.
    kept: BTreeMap<Slot, Kept>,
    /// The failures that were saved.
    failures: BTreeMap<Slot, Remembered>,
    /// The number of fetches at which a source's refusal was handled, by the scope of its
    /// responses.
    refused: BTreeMap<(Slot, &'static str), u64>,
    /// The number of fetches at the last logout.
    signed_out: BTreeMap<Slot, u64>,
    /// The keys that another source has used.
    taken: BTreeSet<usize>,
    /// The sources whose entry the disk has damaged.
    pub(crate) rotten: BTreeSet<Slot>,
    /// Locks were refused, or lost with their files, so two processes may send requests at once.
    pub(crate) are_locks_lost: bool,
    /// The number of attempts, for the report.
    pub(crate) attempts: u64,
    /// The key that was printed last.
    pub(crate) last_printed: Option<KeyId>,
    /// The number of printed keys, for the report.
    pub(crate) printed: u64,
}

#[derive(Debug)]
struct IssuedKey {
    slot: Slot,
    /// The environment for which the key is valid.
    scope: &'static str,
    /// Each time that the key was given out.
    issues: Vec<Issue>,
}

#[derive(Clone, Copy, Debug)]
struct Issue {
    step: u64,
    /// The number of clock jumps until then.
    jumps: u32,
    /// The wall clock at the request.
    fetched_at: Moment,
    expires_at: Option<Moment>,
    /// The API had refused the key before it.
    is_refetched: bool,
}

/// A saved renewal, with the scope of its responses.
#[derive(Clone, Copy, Debug)]
struct Kept {
    renewal: Renewal,
    scope: &'static str,
}

/// A failure at the end of its call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remembered {
    scope: &'static str,
    kind: ErrorKind,
    count: u32,
    failed_at: Duration,
    /// The shortest cooldown that follows.
    pause: Duration,
    /// The number of clock jumps until then.
    jumps: u32,
}
