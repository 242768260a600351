//! What is remembered of a store, so that it is not asked each time.

use super::sealing_keys::SealingKeys;

/// What the kernel remembers of the operating system's store until the machine is restarted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The keys that it holds.
    Keys(SealingKeys),
    /// It was asked and has not answered in time.
    NoAnswer,
}
