//! The stored state of a source, and the rule for printing a stored key.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod claude_code;
mod decide;
mod entry;
mod environment_mark;
mod failure;
mod freshness;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod hit;
pub mod housekeeping;
mod plan;
pub mod rejection;
mod seal;

pub use claude_code::{CLIENT_TTL_DEFAULT, CLIENT_TTL_VARIABLE};
pub use decide::{CachedKey, Demand, Step, View, decide};
pub use entry::{ENTRY_VERSION, Entry, EntryId, KeyId};
pub use environment_mark::EnvironmentMark;
pub use failure::{Failure, LastFailure};
pub use freshness::{Bounds, Freshness, Policy, Validity};
pub use hit::{Hit, Lookup, look};
pub use plan::{Hold, Plan, PlanInputs, PlannedSource, SourcePlan, decides};
pub use seal::{
    KernelKeyring, KeyFile, KeyringRefusal, Memory, Nonce, Seal, SealSetting, SealingKey,
    SealingKeys, keys_at_hand,
};

#[cfg(windows)]
use api_key_helper_system::windows;
use api_key_helper_system::{
    DRAFT_SUFFIX, FileLock, HOME_VARIABLE, Places, ReadError, StateFolder, UNREADABLE_SUFFIX,
    advice, is_own, is_own_folder, make_private_folder, private, trust,
};
use api_key_helper_values::{Error, ErrorKind, Fingerprint, Hint, Key, Moment, Secret, hex};
