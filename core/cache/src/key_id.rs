//! Which key it is, without the key.

use serde::{Deserialize, Serialize};

use crate::{Fingerprint, Moment};

/// Which of a source's keys it is. Nothing in it comes from the key itself: whoever reads it learns
/// when there was a new one, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyId {
    /// The source's settings, its name included.
    pub source: Fingerprint,
    /// When the source first gave this very key.
    pub since: Moment,
}
