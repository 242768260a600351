//! What the next call will do, and when each source is asked next.
//!
//! It is what front and engine will do with the same files: a change there is a change here.

use api_key_helper_core::{ErrorKind, Failure, Freshness, Hit, Moment};
use serde::Serialize;

use crate::written::written;

/// What is known of a source.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// None without a key.
    pub(super) freshness: Option<Freshness>,
    pub(super) failure: Option<Failure>,
}

/// What the next call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NextCall {
    /// It asks the source, and waits for it.
    Asks,
    /// It repeats the source's error, for the source is in its pause.
    Fails,
    /// It prints the source's cached key.
    Prints,
}

/// When a source is asked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Refresh {
    /// At the first call after its key has ceased to be fresh.
    AfterFresh,
    /// Only when the sources before it are down.
    AfterOthers,
    /// At the first call after its pause.
    AfterPause,
    /// At the next call, which waits for it.
    AtNextCall,
    /// By a process that the next call starts, and does not wait for.
    BehindNextCall,
    /// When a source that uses it is asked, and its key is not fresh.
    WhenUsed,
}

impl Found {
    /// The end of the pause, while the source is in one.
    pub(super) fn pause_until(&self, now: Moment) -> Option<Moment> {
        let failure = self.failure.as_ref()?;
        // Whoever mends a file sees the effect at once: only work behind an answer waits for that.
        if failure.kind() == ErrorKind::Misconfigured && !self.is_printable() {
            return None;
        }
        failure.pause_until(now, self.is_printable() || self.bridges())
    }

    fn is_printable(&self) -> bool {
        self.freshness.is_some_and(|freshness| freshness <= Freshness::Due)
    }

    /// Whether its old key is printed while it is in its pause.
    fn bridges(&self) -> bool {
        let is_stale = self.freshness == Some(Freshness::Stale);
        is_stale && self.failure.as_ref().is_some_and(|f| f.kind() == ErrorKind::Transient)
    }

    /// Whether a call passes it over, and turns to the next source.
    fn is_passed_over(&self, now: Moment) -> bool {
        let asks_next = |failure: &Failure| failure.kind().asks_next_source();
        self.pause_until(now).is_some()
            && self.failure.as_ref().is_some_and(asks_next)
            && !self.is_printable()
            && !self.bridges()
    }
}

/// What the next call does, and with which of the sources, counted from 0. `hit` is the answer that
/// is on disk.
pub(super) fn next_call(sources: &[Found], hit: Option<&Hit>, now: Moment) -> (NextCall, usize) {
    if let Some(hit) = hit {
        return (NextCall::Prints, hit.source);
    }
    let Some(index) = sources.iter().position(|source| !source.is_passed_over(now)) else {
        // The error is the first source's.
        return (NextCall::Fails, 0);
    };
    let source = &sources[index];
    match source.pause_until(now) {
        Some(_) if source.bridges() => (NextCall::Prints, index),
        // The error of a source that stops the call is shown only where no earlier one has any.
        Some(_) => (NextCall::Fails, 0),
        None => (NextCall::Asks, index),
    }
}

/// Why the next call turns to the source `next`, and not to the first one: what became of those before
/// it, by their names.
pub(super) fn reason(
    names: &[&str],
    sources: &[Found],
    next: usize,
    now: Moment,
) -> Option<String> {
    let earlier = names.iter().zip(sources).take(next);
    let reasons = earlier.map(|(name, source)| match source.pause_until(now) {
        Some(until) => format!("`{name}` is in its pause for {} more", written(until.since(now))),
        None => format!("`{name}` failed, and is asked again behind the answer"),
    });
    let reasons: Vec<String> = reasons.collect();
    (!reasons.is_empty()).then(|| reasons.join(", "))
}

/// When the source `index` is asked next.
pub(super) fn refresh(index: usize, sources: &[Found], hit: Option<&Hit>, now: Moment) -> Refresh {
    let source = &sources[index];
    if hit.is_some_and(|hit| hit.refresh == Some(index)) {
        return Refresh::BehindNextCall;
    }
    let is_its_turn = sources[..index].iter().all(|earlier| earlier.is_passed_over(now));
    if !is_its_turn {
        Refresh::AfterOthers
    } else if source.pause_until(now).is_some() {
        Refresh::AfterPause
    } else {
        match source.freshness {
            Some(Freshness::Fresh) => Refresh::AfterFresh,
            // Then it is an earlier source that is asked behind the answer.
            Some(Freshness::Due) => Refresh::AfterOthers,
            Some(Freshness::Stale | Freshness::Expired) | None => Refresh::AtNextCall,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use api_key_helper_core::{EnvironmentMark, Error, Fingerprint, Key, KeyId, Validity};

    use super::*;

    const NOW: Moment = Moment::from_unix_millis(1_000_000);
    const EARLIER: Moment = Moment::from_unix_millis(900_000);

    fn with(freshness: Freshness) -> Found {
        Found { freshness: Some(freshness), failure: None }
    }

    fn failed(kind: ErrorKind, freshness: Option<Freshness>, at: Moment) -> Found {
        let error = Error::new(kind, "down");
        let environment = EnvironmentMark::new([0; 16], &[], &|_| None);
        let failure = Failure::remember(&error, None, environment, at, 1.0);
        Found { freshness, failure: Some(failure) }
    }

    fn hit(source: usize, refresh: Option<usize>) -> Hit {
        let key_id = KeyId { source: Fingerprint::of([]), since: EARLIER };
        let validity =
            Validity { fetched_at: EARLIER, expires_at: None, refresh_at: None, jitter: 0.0 };
        Hit { key: Key::parse("k").unwrap(), key_id, validity, source, refresh }
    }

    /// What the next call does, and when each source is asked.
    fn outlook(sources: &[Found], hit: Option<&Hit>) -> (NextCall, usize, Vec<Refresh>) {
        let (does, index) = next_call(sources, hit, NOW);
        let refreshes = (0..sources.len()).map(|index| refresh(index, sources, hit, NOW)).collect();
        (does, index, refreshes)
    }

    #[test]
    fn one_source() {
        use Freshness::{Due, Expired, Fresh, Stale};
        use Refresh::{AfterFresh, AfterPause, AtNextCall, BehindNextCall};

        let transient = ErrorKind::Transient;
        for (found, hit, does, refresh) in [
            (with(Fresh), Some(hit(0, None)), NextCall::Prints, AfterFresh),
            (with(Due), Some(hit(0, Some(0))), NextCall::Prints, BehindNextCall),
            (with(Stale), None, NextCall::Asks, AtNextCall),
            (with(Expired), None, NextCall::Asks, AtNextCall),
            (Found::default(), None, NextCall::Asks, AtNextCall),
            // In its pause: a key that is due or stale is printed, and without one the error is.
            (failed(transient, Some(Due), NOW), Some(hit(0, None)), NextCall::Prints, AfterPause),
            (failed(transient, Some(Stale), NOW), None, NextCall::Prints, AfterPause),
            (failed(transient, Some(Expired), NOW), None, NextCall::Fails, AfterPause),
            (failed(transient, None, NOW), None, NextCall::Fails, AfterPause),
            (failed(ErrorKind::NeedsLogin, Some(Stale), NOW), None, NextCall::Fails, AfterPause),
            // A mistake has no pause for whoever waits.
            (failed(ErrorKind::Misconfigured, None, NOW), None, NextCall::Asks, AtNextCall),
            // The pause is over.
            (failed(transient, None, EARLIER), None, NextCall::Asks, AtNextCall),
        ] {
            let what = format!("{found:?}");
            assert_eq!(outlook(&[found], hit.as_ref()), (does, 0, vec![refresh]), "{what}");
        }
    }

    #[test]
    fn several_sources() {
        use Refresh::{AfterFresh, AfterOthers, AfterPause, AtNextCall, BehindNextCall};

        let (fresh, none) = (with(Freshness::Fresh), Found::default());
        let down = |at| failed(ErrorKind::Transient, None, at);
        let found = outlook(&[fresh.clone(), none.clone()], Some(&hit(0, None)));
        assert_eq!(found, (NextCall::Prints, 0, vec![AfterFresh, AfterOthers]));
        let found = outlook(&[none.clone(), fresh.clone()], None);
        assert_eq!(found, (NextCall::Asks, 0, vec![AtNextCall, AfterOthers]));
        let found = outlook(&[down(NOW), none], None);
        assert_eq!(found, (NextCall::Asks, 1, vec![AfterPause, AtNextCall]));
        let found = outlook(&[down(NOW), fresh.clone()], Some(&hit(1, None)));
        assert_eq!(found, (NextCall::Prints, 1, vec![AfterPause, AfterFresh]));
        // The first one's pause is over: it is tried behind the answer.
        let found = outlook(&[down(EARLIER), fresh], Some(&hit(1, Some(0))));
        assert_eq!(found, (NextCall::Prints, 1, vec![BehindNextCall, AfterOthers]));
        let found = outlook(&[down(NOW), down(NOW)], None);
        assert_eq!(found, (NextCall::Fails, 0, vec![AfterPause, AfterPause]));
        let stops = failed(ErrorKind::Denied, None, NOW);
        let found = outlook(&[stops, down(NOW)], None);
        assert_eq!(found, (NextCall::Fails, 0, vec![AfterPause, AfterOthers]));
    }

    #[test]
    fn why_a_later_source_answers() {
        let down = |at| failed(ErrorKind::Transient, None, at);
        let sources = [down(EARLIER), down(NOW), with(Freshness::Fresh)];
        let reason = |next| reason(&["a", "b", "c"], &sources, next, NOW);
        assert_eq!(reason(0), None);
        assert_eq!(
            reason(2).unwrap(),
            "`a` failed, and is asked again behind the answer, `b` is in its pause for 1 s more"
        );
    }

    #[test]
    fn the_pause_has_its_end() {
        let found = failed(ErrorKind::Transient, None, NOW);
        assert_eq!(found.pause_until(NOW), Some(NOW.plus(Duration::from_secs(1))));
        assert_eq!(with(Freshness::Fresh).pause_until(NOW), None);
    }
}
