//! The answer that is already on disk.

use std::ffi::OsString;
use std::time::Duration;

use crate::{Entry, Failure, Freshness, Key, KeyId, Moment, PlannedSource, Policy, Seal, Validity};

/// A key that may be printed at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The key.
    pub key: Key,
    /// Which key it is.
    pub key_id: KeyId,
    /// What is known of the key's time.
    pub validity: Validity,
    /// Which of the sources it comes from, counted from 0.
    pub source: usize,
    /// The source that somebody should ask behind the answer, counted from 0: this one when its key
    /// is due, or an earlier one whose pause is over.
    pub refresh: Option<usize>,
}

/// What [`look`] looks at.
#[derive(Clone, Copy)]
pub struct Lookup<'a> {
    /// The sources, in order of preference.
    pub sources: &'a [PlannedSource],
    /// When a key may be printed.
    pub policy: &'a Policy,
    /// How long the caller goes on using it.
    pub hold: Duration,
    /// The time.
    pub now: Moment,
    /// What opens entries.
    pub seal: &'a dyn Seal,
    /// Reads an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
}

/// Looks for a key that may be printed at once, from the first source on. A later source's key
/// counts only behind sources that failed: whoever waits for nothing is not served the second best.
///
/// `read` gives the content of a file of the state folder; where it cannot, there is no hit.
pub fn look<B: AsRef<[u8]>, E>(
    lookup: &Lookup<'_>,
    mut read: impl FnMut(&str) -> Result<Option<B>, E>,
) -> Option<Hit> {
    let mut recovering = None;
    for (source, planned) in lookup.sources.iter().enumerate() {
        let file = planned.id.entry_file(lookup.seal);
        let entry = read(&file)
            .ok()?
            .and_then(|bytes| Entry::decode(bytes.as_ref(), &planned.id, lookup.seal))
            .filter(|entry| entry.environment.stands(&planned.variables, lookup.variable));
        let freshness = entry
            .as_ref()
            .map(|entry| lookup.policy.judge(&entry.validity, lookup.hold, lookup.now));
        let found = entry.and_then(|entry| {
            let key_id = entry.key_id(&planned.id);
            let validity = entry.validity;
            Some(Hit { key: entry.key?, key_id, validity, source, refresh: recovering })
        });
        if found.is_some() && freshness == Some(Freshness::Fresh) {
            return found;
        }
        let failure = read(&planned.id.failure_file())
            .ok()?
            .and_then(|bytes| Failure::decode(bytes.as_ref()))
            .filter(|failure| failure.stands(&planned.variables, lookup.variable));
        let pauses =
            |usable| failure.as_ref().is_some_and(|failure| failure.pauses(lookup.now, usable));
        if found.is_some() && freshness == Some(Freshness::Due) {
            let due = (!pauses(true)).then_some(source);
            return found.map(|hit| Hit { refresh: recovering.or(due), ..hit });
        }
        if !failure.as_ref()?.kind().asks_next_source() {
            return None;
        }
        let has_stale_key = found.is_some() && freshness == Some(Freshness::Stale);
        if !pauses(has_stale_key) && recovering.is_none() {
            recovering = Some(source);
        }
    }
    None
}
