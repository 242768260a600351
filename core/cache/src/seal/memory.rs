//! The cached answer of a store.

use super::sealing_keys::SealingKeys;

/// The kernel keyring's memory of the operating system's store, which lasts until the next restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The store's keys.
    Keys(SealingKeys),
    /// The store did not answer in time.
    NoAnswer,
}
