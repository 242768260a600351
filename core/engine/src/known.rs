//! A call's knowledge of one source.

use api_key_helper_cache::{CachedKey, Demand, Failure, Freshness, View};
use api_key_helper_values::{Error, Moment};

use super::cache::Cached;
use super::call::{Answer, Call};
use super::source::Source;

/// The state of one source in a call. Nothing is known before the source's turn.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The entry and the failure on disk.
    pub(super) cached: Cached,
    /// Set if another process holds the source's lock.
    pub(super) is_locked: bool,
    /// The outcome, if this call has asked the source.
    pub(super) outcome: Option<Result<(), Error>>,
}

impl Known {
    /// The view for the decision.
    pub(super) fn view(&self, source: &Source, call: &Call<'_>, now: Moment) -> View {
        let Cached { entry, failure, .. } = &self.cached;
        View {
            key: entry.as_ref().and_then(|entry| {
                CachedKey::of(entry, &source.planned.id, call.policy, call.hold, now)
            }),
            failure: failure.as_ref().map(Failure::last),
            is_locked: self.is_locked,
            outcome: self
                .outcome
                .as_ref()
                .map(|outcome| outcome.as_ref().copied().map_err(Error::kind)),
        }
    }

    /// The error of the source's failure.
    pub(super) fn error(&self) -> Option<Error> {
        match &self.outcome {
            Some(outcome) => outcome.clone().err(),
            None => self.cached.failure.as_ref().map(Failure::error),
        }
    }

    /// The answer with the source's key.
    pub(super) fn answer(&self, source: &Source, refresh: bool) -> Option<Answer> {
        let entry = self.cached.entry.as_ref()?;
        let id = &source.planned.id;
        Some(Answer {
            key: entry.key.clone()?,
            key_id: entry.key_id(id),
            source: id.source.clone(),
            validity: entry.validity,
            is_new: matches!(self.outcome, Some(Ok(()))),
            refresh,
        })
    }

    /// The warning about printing an older key. It is left out if it makes no difference: the key
    /// is not stale, and the user did not ask for a new one.
    pub(super) fn warning(&self, source: &Source, call: &Call<'_>, now: Moment) -> Option<String> {
        let key = self.view(source, call, now).key?;
        let asked_for_a_new_one = matches!(call.demand, Demand::FetchedSince(_));
        if !asked_for_a_new_one && key.freshness != Freshness::Stale {
            return None;
        }
        let age = now.since(key.validity.fetched_at).as_secs();
        let (source, error) = (&source.planned.id.source, self.error()?);
        Some(format!("using the key that `{source}` gave {age} s ago: {error}"))
    }
}
