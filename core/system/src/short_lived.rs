//! Shortcuts for a process that ends at once.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_SHORT_LIVED: AtomicBool = AtomicBool::new(false);

/// Declares that this process answers and ends, as the front does. From then on it does not close
/// files after reading them, because each close is a system call of a hit. It also asks no domain
/// for user names. Programs that it starts or becomes inherit none of its files (`O_CLOEXEC`).
pub fn expect_short_life() {
    IS_SHORT_LIVED.store(true, Ordering::Relaxed);
}

pub(crate) fn is_short_lived() -> bool {
    IS_SHORT_LIVED.load(Ordering::Relaxed)
}

/// Closes a file after reading. On Windows the front waits for its worker, which may have to
/// replace the file, so it closes files there.
pub(crate) fn close(file: File) {
    if cfg!(unix) && is_short_lived() {
        std::mem::forget(file);
    } else {
        drop(file);
    }
}
