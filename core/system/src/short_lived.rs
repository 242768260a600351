//! A process that ends at once leaves to the system what the system does anyway.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_SHORT_LIVED: AtomicBool = AtomicBool::new(false);

/// From here on this process closes no file that it has read, for each would be one more system
/// call of a hit, and asks no domain for the names of users. Both are for a process that answers
/// and ends: the front. What it starts or becomes has none of its files (`O_CLOEXEC`).
pub fn expect_short_life() {
    IS_SHORT_LIVED.store(true, Ordering::Relaxed);
}

pub(crate) fn is_short_lived() -> bool {
    IS_SHORT_LIVED.load(Ordering::Relaxed)
}

/// Closes what was read. On Windows the front waits for its worker, which may have to replace the
/// file.
pub(crate) fn close(file: File) {
    if cfg!(unix) && is_short_lived() {
        std::mem::forget(file);
    } else {
        drop(file);
    }
}
