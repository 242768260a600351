//! A barrier at which requests wait for the test.

use std::sync::{Arc, Condvar, Mutex};

/// A barrier that stays open once it is opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Barrier(Arc<(Mutex<bool>, Condvar)>);

impl Barrier {
    /// Lets all requests pass from now on.
    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Waits until the barrier is open.
    pub(crate) fn pass(&self) {
        let is_open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(is_open, |is_open| !*is_open).unwrap());
    }
}
