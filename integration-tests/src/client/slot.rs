//! Limits the number of concurrent tests with a client.

use std::sync::{Condvar, Mutex, PoisonError};

/// A slot for a test that runs clients, each of which takes a quarter of a gigabyte.
#[derive(Debug)]
pub struct ClientSlot(());

static FREE: Mutex<usize> = Mutex::new(2);
static LEFT: Condvar = Condvar::new();

impl ClientSlot {
    /// Waits for a free slot.
    #[must_use]
    pub fn take() -> Self {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free =
            LEFT.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Self(())
    }
}

impl Drop for ClientSlot {
    fn drop(&mut self) {
        *FREE.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        LEFT.notify_one();
    }
}
