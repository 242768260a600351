//! Which cached key will do for a call, and whether the source may be asked.

use std::time::Duration;

use super::Demand;
use super::cache::Cached;
use super::refresh::Refresh;
use crate::{Entry, EntryId, ErrorKind, Failure, Freshness, Key, KeyId, Moment, Validity};

/// For how long a key that was fetched because the API refused one is not fetched for that reason
/// again: of many clients that are refused at once, one asks.
const REFETCH_PAUSE: Duration = Duration::from_secs(10);

/// A cached key that may be printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printable<'e> {
    pub(super) key: &'e Key,
    pub(super) key_id: KeyId,
    pub(super) validity: &'e Validity,
}

impl Entry {
    fn printable(&self, id: &EntryId) -> Option<Printable<'_>> {
        let key_id = self.key_id(id);
        Some(Printable { key: self.key.as_ref()?, key_id, validity: &self.validity })
    }
}

impl Refresh<'_> {
    /// The key, if it will do for this call.
    pub(super) fn satisfying<'c>(&self, cached: &'c Cached) -> Option<Printable<'c>> {
        let entry = cached.entry.as_ref()?;
        let found = entry.printable(&self.source.planned.id)?;
        let will_do = match self.call.demand {
            Demand::Another(refused) => {
                let is_another = found.key_id != refused || self.was_just_refetched(entry);
                is_another && self.freshness(found.validity) <= Freshness::Due
            }
            Demand::Printable => self.freshness(found.validity) <= Freshness::Due,
            Demand::Unspent(spent) => {
                found.key_id != spent && self.freshness(found.validity) <= Freshness::Due
            }
            Demand::Fresh => self.freshness(found.validity) == Freshness::Fresh,
            Demand::FetchedSince(start) => self.was_fetched_since(start, found.validity),
        };
        will_do.then_some(found)
    }

    /// Whoever asks for a new key takes one that came meanwhile, but not one that has ended since, nor
    /// one that a clock ahead of ours only seems to have fetched later.
    fn was_fetched_since(&self, start: Moment, validity: &Validity) -> bool {
        let now = self.world.clock.now();
        let is_past_its_end = validity.expires_at.is_some_and(|end| end <= now);
        (start..=now).contains(&validity.fetched_at) && !is_past_its_end
    }

    /// The failure, if it keeps us from asking.
    pub(super) fn pausing<'c>(&self, cached: &'c Cached) -> Option<&'c Failure> {
        let failure = cached.failure.as_ref()?;
        let asks_anyway = match self.call.demand {
            Demand::FetchedSince(_) => true,
            // Whoever mends a file wants to see the effect at once.
            Demand::Another(_) | Demand::Printable | Demand::Unspent(_) => {
                failure.kind() == ErrorKind::Misconfigured
            }
            Demand::Fresh => false,
        };
        let usable = self.fallback(cached.entry.as_ref(), failure.kind()).is_some();
        (!asks_anyway && failure.pauses(self.world.clock.now(), usable)).then_some(failure)
    }

    /// The key to print although the source failed: one that is not past its end, after a failure
    /// that will pass; after another one only a key that would have been printed anyway. Never one
    /// that is refused or spent.
    pub(super) fn fallback<'e>(
        &self,
        entry: Option<&'e Entry>,
        kind: ErrorKind,
    ) -> Option<Printable<'e>> {
        let asked_for_a_new_one = matches!(self.call.demand, Demand::FetchedSince(_));
        let worst = match kind {
            ErrorKind::Transient => Freshness::Stale,
            ErrorKind::Denied | ErrorKind::Rejected => return None,
            _ if asked_for_a_new_one => return None,
            _ => Freshness::Due,
        };
        entry?
            .printable(&self.source.planned.id)
            .filter(|found| match self.call.demand {
                Demand::Another(key) | Demand::Unspent(key) => found.key_id != key,
                _ => true,
            })
            .filter(|found| self.freshness(found.validity) <= worst)
    }

    fn was_just_refetched(&self, entry: &Entry) -> bool {
        let now = self.world.clock.now();
        entry.refetched_at.is_some_and(|at| at <= now && now.since(at) < REFETCH_PAUSE)
    }

    pub(super) fn freshness(&self, validity: &Validity) -> Freshness {
        self.call.policy.judge(validity, self.call.hold, self.world.clock.now())
    }
}
