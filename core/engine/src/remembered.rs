//! The memory of a call about its refreshes, independent of the disk. A source that others use may
//! be refreshed several times in one call.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use api_key_helper_cache::{EntryId, Failure};
use api_key_helper_values::Secret;

/// The memory of one call, by the identities of sources.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    renewals: Mutex<BTreeMap<String, Renewals>>,
    failures: Mutex<BTreeMap<String, Failure>>,
}

/// An unsaved renewal, and the one on the disk that it replaced. Sending that one again can end the
/// sign-in.
#[derive(Clone, Debug)]
pub(super) struct Renewals {
    pub(super) on_disk: Option<Secret>,
    pub(super) newest: Secret,
}

impl Remembered {
    /// The renewal of a source that could not be saved.
    pub(super) fn renewals(&self, id: &EntryId) -> Option<Renewals> {
        lock(&self.renewals).get(&id.stem()).cloned()
    }

    pub(super) fn set_renewals(&self, id: &EntryId, renewals: Option<Renewals>) {
        set(&self.renewals, id, renewals);
    }

    /// The failure of a source's last refresh.
    pub(super) fn failure(&self, id: &EntryId) -> Option<Failure> {
        lock(&self.failures).get(&id.stem()).cloned()
    }

    pub(super) fn set_failure(&self, id: &EntryId, failure: Option<Failure>) {
        set(&self.failures, id, failure);
    }
}

fn set<T>(all: &Mutex<BTreeMap<String, T>>, id: &EntryId, value: Option<T>) {
    let mut all = lock(all);
    match value {
        Some(value) => all.insert(id.stem(), value),
        None => all.remove(&id.stem()),
    };
}

fn lock<T>(all: &Mutex<T>) -> MutexGuard<'_, T> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}
