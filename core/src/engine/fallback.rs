//! What becomes of a call whose source has no key for it: the failure is remembered, and an older key
//! printed, where that is allowed.

use super::cache::{self, Cached};
use super::held::Held;
use super::refresh::{Failed, Refresh};
use super::{Answer, Demand};
use crate::{Entry, Error, ErrorKind, Failure, Freshness};

impl Refresh<'_> {
    /// Remembers the failure and falls back, where that is allowed.
    pub(super) async fn failed(
        &self,
        held: &Held<'_>,
        before: Option<&Failure>,
        error: Error,
        warnings: &mut Vec<String>,
    ) -> Result<Answer, Failed> {
        if error.kind() == ErrorKind::Denied
            && let Some(entry) = held.entry().filter(|entry| entry.key.is_some())
            && let Err(error) = held.save(Entry { key: None, ..entry }).await
        {
            warnings.push(format!("the refused key was not dropped: {error}"));
        }
        let chance = self.world.chance.unit();
        let now = self.world.clock.now();
        let failure = Failure::remember(&error, before, held.environment(), now, chance);
        let file = self.source.planned.id.failure_file();
        let content = failure.encode();
        if let Err(error) = cache::replace(self.world.disk, None, &file, &content).await {
            warnings.push(format!("the failure cannot be remembered: {error}"));
        }
        self.remembered.set_failure(&self.source.planned.id, Some(failure));
        self.fall_back(held.entry().as_ref(), error, warnings).map_err(Failed::from)
    }

    /// The source failed a moment ago and is not asked.
    pub(super) fn in_pause(
        &self,
        cached: &Cached,
        failure: &Failure,
        warnings: &mut Vec<String>,
    ) -> Result<Answer, Failed> {
        self.fall_back(cached.entry.as_ref(), failure.error(), warnings)
            .map_err(|error| Failed { error, in_pause: true })
    }

    /// Somebody else looks after a source that is known to be down: one who waits is enough.
    pub(super) fn during_an_outage(
        &self,
        cached: &Cached,
        warnings: &mut Vec<String>,
    ) -> Option<Answer> {
        let error = cached.failure.as_ref()?.error();
        if self.call.demand != Demand::Printable {
            return None;
        }
        self.fall_back(cached.entry.as_ref(), error, warnings).ok()
    }

    /// Somebody else has been asking for us all this time and has not finished.
    pub(super) fn waited_in_vain(
        &self,
        cached: &Cached,
        warnings: &mut Vec<String>,
    ) -> Result<Answer, Failed> {
        let source = &self.source.planned.id.source;
        let error =
            Error::transient(format!("another process is still refreshing source `{source}`"))
                .with_hint("look at `api-key-helper log`, or raise `deadline` in the profile");
        self.fall_back(cached.entry.as_ref(), error, warnings).map_err(Failed::from)
    }

    /// The lock is ours, and the time is over in which the source could be asked: others had it, or the
    /// sources before this one took longer than their share.
    pub(super) fn came_too_late(
        &self,
        cached: &Cached,
        warnings: &mut Vec<String>,
    ) -> Result<Answer, Failed> {
        let source = &self.source.planned.id.source;
        let error = Error::transient(format!("there is no time left to ask source `{source}`"))
            .with_hint("look at `api-key-helper log`, or raise `deadline` in the profile");
        self.fall_back(cached.entry.as_ref(), error, warnings).map_err(Failed::from)
    }

    /// A key that is on the disk, in place of `error`, with a warning where that makes a difference to the
    /// caller; else the error.
    pub(super) fn fall_back(
        &self,
        entry: Option<&Entry>,
        error: Error,
        warnings: &mut Vec<String>,
    ) -> Result<Answer, Error> {
        let Some(found) = self.fallback(entry, error.kind()) else { return Err(error) };
        // Who would have got this key anyway misses nothing; who asked for another one does.
        let wanted_another = matches!(self.call.demand, Demand::FetchedSince(_));
        if wanted_another || self.freshness(found.validity) == Freshness::Stale {
            let age = self.world.clock.now().since(found.validity.fetched_at).as_secs();
            let source = &self.source.planned.id.source;
            warnings.push(format!("using the key that `{source}` gave {age} s ago: {error}"));
        }
        Ok(Answer { refresh: false, ..self.answer(found) })
    }
}
