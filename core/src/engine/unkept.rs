//! Renewals that the disk refused, for as long as a call lasts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::{EntryId, Secret};

/// What one call could not keep. A source that others use may be refreshed more than once in it: to
/// send the spent renewal again, which is the one on the disk, can end the login.
#[derive(Debug, Default)]
pub(super) struct Unkept(Mutex<BTreeMap<String, Renewals>>);

/// A renewal, and the one on the disk in whose place it was given.
#[derive(Clone, Debug)]
pub(super) struct Renewals {
    pub(super) on_disk: Option<Secret>,
    pub(super) newest: Secret,
}

impl Unkept {
    /// What was not kept of a source.
    pub(super) fn of(&self, id: &EntryId) -> Option<Renewals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id.stem()).cloned()
    }

    /// This was not kept of it, or nothing was not.
    pub(super) fn set(&self, id: &EntryId, renewals: Option<Renewals>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match renewals {
            Some(renewals) => all.insert(id.stem(), renewals),
            None => all.remove(&id.stem()),
        };
    }
}
