//! The rule for the next step of a call, from the state of its sources.
//!
//! The front, the engine, `status` and the simulation all ask [`decide`].

use std::time::Duration;

use crate::{
    Entry, EntryId, ErrorKind, Fingerprint, Freshness, KeyId, LastFailure, Moment, Policy, Validity,
};

/// For this time after a fetch caused by a refused key, the fetched key counts as another one. So
/// many clients that are refused at once cause one fetch.
const REFETCH_PAUSE: Duration = Duration::from_secs(10);

/// The cached keys that a call accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// A printable key other than this one, which the API refuses; or this one, if its source gave
    /// it again a moment ago, even to another caller.
    Another(KeyId),
    /// A key fetched since then: the user asked for a new one.
    FetchedSince(Moment),
    /// A fresh key: the call works in the background.
    Fresh,
    /// A printable key.
    Printable,
    /// A printable key other than this one, which was valid for one use.
    Unspent(KeyId),
}

impl Demand {
    /// The demand on the source with this fingerprint. A refused or spent key belongs to one source
    /// only.
    #[must_use]
    pub fn on(self, source: Fingerprint) -> Self {
        match self {
            Self::Another(key) | Self::Unspent(key) if key.source != source => Self::Printable,
            _ => self,
        }
    }

    /// Returns whether the key is the refused or spent one.
    fn excludes(self, key: KeyId) -> bool {
        matches!(self, Self::Another(excluded) | Self::Unspent(excluded) if excluded == key)
    }
}

/// The facts of a cached key that decide whether it is printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CachedKey {
    /// The key's identity.
    pub key_id: KeyId,
    /// Its current freshness by the policy.
    pub freshness: Freshness,
    /// Its times.
    pub validity: Validity,
    /// The last time at which its source was asked because the API refused a key.
    pub refetched_at: Option<Moment>,
}

impl CachedKey {
    /// The key of `entry`, if it has one, for a caller that uses it for `hold`.
    #[must_use]
    pub fn of(
        entry: &Entry,
        id: &EntryId,
        policy: &Policy,
        hold: Duration,
        now: Moment,
    ) -> Option<Self> {
        entry.key.as_ref()?;
        Some(Self {
            key_id: entry.key_id(id),
            freshness: policy.judge(&entry.validity, hold, now),
            validity: entry.validity,
            refetched_at: entry.refetched_at,
        })
    }

    fn satisfies(&self, demand: Demand, now: Moment) -> bool {
        let is_printable = self.freshness <= Freshness::Due;
        match demand {
            Demand::Another(refused) => {
                let is_another = self.key_id != refused || self.was_just_refetched(now);
                is_another && is_printable
            }
            Demand::Printable => is_printable,
            Demand::Unspent(spent) => self.key_id != spent && is_printable,
            Demand::Fresh => self.freshness == Freshness::Fresh,
            Demand::FetchedSince(start) => self.was_fetched_since(start, now),
        }
    }

    fn was_just_refetched(&self, now: Moment) -> bool {
        self.refetched_at.is_some_and(|at| at <= now && now.since(at) < REFETCH_PAUSE)
    }

    /// Excludes a key that has expired since, and one whose fetch lies ahead of our clock.
    fn was_fetched_since(&self, start: Moment, now: Moment) -> bool {
        let has_expired = self.validity.expires_at.is_some_and(|end| end <= now);
        (start..=now).contains(&self.validity.fetched_at) && !has_expired
    }
}

/// The known state of a source. By default nothing is known, and the source has to be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct View {
    /// Its cached key.
    pub key: Option<CachedKey>,
    /// Its last failure, if no fetch has succeeded since. It need not be known for a fresh key and
    /// [`Demand::Printable`].
    pub failure: Option<LastFailure>,
    /// Set if another process is asking the source.
    pub is_locked: bool,
    /// The outcome, if this call has asked the source. No call asks twice.
    pub outcome: Option<Result<(), ErrorKind>>,
}

impl View {
    /// The end of the cooldown in which the source is not asked for `demand`, if it is in one.
    #[must_use]
    pub fn pause_until(&self, demand: Demand, now: Moment) -> Option<Moment> {
        let failure = self.failure?;
        let asks_anyway = match demand {
            Demand::FetchedSince(_) => true,
            // A caller that waits sees at once that the configuration was fixed.
            Demand::Another(_) | Demand::Printable | Demand::Unspent(_) => {
                failure.kind == ErrorKind::Misconfigured
            }
            Demand::Fresh => false,
        };
        if asks_anyway {
            return None;
        }
        failure.pause_until(now, self.falls_back(demand, failure.kind))
    }

    /// Returns whether the key is printed although the source failed. After a transient failure it
    /// must not be expired. After other failures it must be printable anyway. A refused or spent
    /// key is never printed.
    #[must_use]
    pub fn falls_back(&self, demand: Demand, kind: ErrorKind) -> bool {
        let asks_for_a_new_one = matches!(demand, Demand::FetchedSince(_));
        let worst = match kind {
            ErrorKind::Transient => Freshness::Stale,
            ErrorKind::Denied | ErrorKind::Rejected => return false,
            _ if asks_for_a_new_one => return false,
            _ => Freshness::Due,
        };
        self.key.as_ref().is_some_and(|key| !demand.excludes(key.key_id) && key.freshness <= worst)
    }

    /// Returns whether the key is the answer.
    fn prints(&self, demand: Demand, now: Moment) -> bool {
        match self.outcome {
            // A key that has just arrived is printed under any policy.
            Some(outcome) => outcome.is_ok(),
            None => self.key.as_ref().is_some_and(|key| key.satisfies(demand, now)),
        }
    }

    /// The kind of the failure that prevents asking the source.
    fn obstacle(&self, demand: Demand, now: Moment) -> Option<ErrorKind> {
        if let Some(outcome) = self.outcome {
            return outcome.err();
        }
        let kind = self.failure?.kind;
        let is_in_pause = self.pause_until(demand, now).is_some();
        // Another process is already retrying this source; do not queue behind it.
        let is_retried = self.is_locked && demand == Demand::Printable;
        (is_in_pause || is_retried && self.falls_back(demand, kind)).then_some(kind)
    }

    /// Returns whether the source failed in a way that lets the next one answer.
    #[must_use]
    pub fn asks_next_source(&self) -> bool {
        let failure = || self.failure.map(|failure| failure.kind);
        let kind = self.outcome.and_then(Result::err).or_else(failure);
        kind.is_some_and(ErrorKind::asks_next_source)
    }

    /// The demand on this source. Without a key, nothing can be excluded.
    fn demand(&self, demand: Demand) -> Demand {
        self.key.as_ref().map_or(demand, |key| demand.on(key.key_id.source))
    }
}

/// The next step of a call. Sources are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Prints the cached key of `source`. A background process then asks `then_refresh`: this
    /// source, if its key is due, or an earlier one whose cooldown is over.
    Print {
        /// The source of the key.
        source: usize,
        /// The source to refresh in the background.
        then_refresh: Option<usize>,
    },
    /// Prints the older key of `source`, because the source failed.
    FallBack {
        /// The source of the key.
        source: usize,
    },
    /// Asks `source`, and decides again with the result.
    Fetch {
        /// The source to ask.
        source: usize,
    },
    /// Fails with the error of `source`: the first one that was asked, or else the first one.
    Fail {
        /// The source that failed.
        source: usize,
    },
}

/// Decides the next step of a call. `views` are its sources in order of preference. Views are read
/// only as far as needed, and none after a source whose key is printed.
///
/// A later source is used only if every earlier one failed in a way that may pass. If only a
/// printable key is demanded, a later source's printable key is preferred to asking an earlier
/// source: no caller with a usable key waits.
#[must_use]
pub fn decide(views: impl IntoIterator<Item = View>, demand: Demand, now: Moment) -> Step {
    let mut otherwise = None;
    let mut first_to_fetch = None;
    let mut first_asked = None;
    for (source, view) in views.into_iter().enumerate() {
        let own = view.demand(demand);
        if view.prints(own, now) {
            let is_due = view.key.as_ref().is_some_and(|key| key.freshness == Freshness::Due);
            let then_refresh = match demand {
                Demand::Fresh | Demand::FetchedSince(_) => None,
                _ if first_to_fetch.is_some() => first_to_fetch,
                _ => (is_due && view.obstacle(Demand::Fresh, now).is_none()).then_some(source),
            };
            return Step::Print { source, then_refresh };
        }
        match view.obstacle(own, now) {
            None => {
                first_to_fetch.get_or_insert(source);
                otherwise.get_or_insert(Step::Fetch { source });
            }
            Some(kind) if view.falls_back(own, kind) => {
                otherwise.get_or_insert(Step::FallBack { source });
            }
            Some(_) => {}
        }
        if view.outcome.is_some() {
            first_asked.get_or_insert(source);
        }
        let may_be_answered = otherwise.is_none() || demand == Demand::Printable;
        if !(may_be_answered && view.asks_next_source()) {
            break;
        }
    }
    otherwise.unwrap_or(Step::Fail { source: first_asked.unwrap_or_default() })
}

#[cfg(test)]
mod tests;
