//! A hit: a printable key on disk.

use std::ffi::OsString;
use std::time::Duration;

use crate::{
    CachedKey, Demand, Entry, Failure, Freshness, Key, KeyId, Moment, PlannedSource, Policy, Seal,
    Step, Validity, View, decide,
};

/// A key that may be printed at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The key.
    pub key: Key,
    /// The key's identity.
    pub key_id: KeyId,
    /// The key's times.
    pub validity: Validity,
    /// The index of its source, counted from 0.
    pub source: usize,
    /// The index of the source to refresh in the background: this one if its key is due, or an
    /// earlier one whose cooldown is over.
    pub refresh: Option<usize>,
}

/// The terms of a lookup.
#[derive(Clone, Copy)]
pub struct Lookup<'a> {
    /// The policy for printing a key.
    pub policy: &'a Policy,
    /// The time for which the caller uses the key.
    pub hold: Duration,
    /// The current time.
    pub now: Moment,
    /// The key that opens entries.
    pub seal: &'a dyn Seal,
    /// Reads an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
}

/// Looks for a key that may be printed at once.
///
/// `sources` are in order of preference. They are read only as far as the rule needs, because
/// computing an entry's name may be expensive. `read` returns the content of a file in the state
/// folder. If it fails, there is no hit.
pub fn look<B: AsRef<[u8]>, E>(
    sources: impl IntoIterator<Item = PlannedSource>,
    lookup: &Lookup<'_>,
    mut read: impl FnMut(&str) -> Result<Option<B>, E>,
) -> Option<Hit> {
    let Lookup { policy, hold, now, seal, variable, .. } = *lookup;
    let mut last = None;
    let views = sources.into_iter().map_while(|PlannedSource { id, variables }| {
        let entry = read(&id.entry_file(seal))
            .ok()?
            .and_then(|bytes| Entry::decode(bytes.as_ref(), &id, seal))
            .filter(|entry| entry.environment.stands(&variables, variable));
        let key = entry.as_ref().and_then(|entry| CachedKey::of(entry, &id, policy, hold, now));
        let mut view = View { key, ..View::default() };
        // A fresh key is printed after any failure, so that file need not be read.
        if view.key.as_ref().is_none_or(|key| key.freshness != Freshness::Fresh) {
            view.failure = read(&id.failure_file())
                .ok()?
                .and_then(|bytes| Failure::decode(bytes.as_ref()))
                .filter(|failure| failure.stands(&variables, variable))
                .as_ref()
                .map(Failure::last);
        }
        last = entry.map(|entry| (id, entry));
        Some(view)
    });
    let Step::Print { source, then_refresh } = decide(views, Demand::Printable, now) else {
        return None;
    };
    // The rule reads no view after the one whose key it prints.
    let (id, entry) = last?;
    let (key_id, validity) = (entry.key_id(&id), entry.validity);
    Some(Hit { key: entry.key?, key_id, validity, source, refresh: then_refresh })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use zeroize::Zeroizing;

    use super::*;
    use crate::{EntryId, EnvironmentMark, Fingerprint, Nonce, SealingKey};

    #[test]
    fn cache_hit_reads_no_source_after_the_deciding_one() {
        let seal = SealingKey::new(Zeroizing::new([1; SealingKey::LENGTH]));
        let now = Moment::from_unix_millis(1_000);
        let validity =
            Validity { fetched_at: now, expires_at: None, refresh_at: None, jitter: 0.0 };
        let id = |name: &str| EntryId {
            source: name.to_owned(),
            fingerprint: Fingerprint::of([name.as_bytes()]),
        };
        let entry = Entry {
            key: Some(Key::parse("sk-1").unwrap()),
            key_since: now,
            refetched_at: None,
            validity,
            renewal: None,
            environment: EnvironmentMark::new([1; 16], &[], &|_| None),
        };
        let lookup = Lookup {
            policy: &Policy::default(),
            hold: Duration::ZERO,
            now,
            seal: &seal,
            variable: &|_| None,
        };
        // Without a key, the first source must be asked before the second one's key counts.
        for (with_key, is_hit) in [("first", true), ("second", false)] {
            let bytes = entry.encode(&id(with_key), &seal, Nonce([7; 24]));
            let file = id(with_key).entry_file(&seal);
            let taken = Cell::new(0);
            let sources = ["first", "second", "third"].into_iter().map(|name| {
                taken.set(taken.get() + 1);
                PlannedSource { id: id(name), variables: Vec::new() }
            });
            let hit = look(sources, &lookup, |name| Ok::<_, ()>((name == file).then_some(&bytes)));
            assert_eq!((hit.is_some(), taken.get()), (is_hit, 1), "{with_key}");
        }
    }
}
