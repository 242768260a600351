//! The output of `--json`. Names are stable, and more may be added. Moments are RFC 3339, durations
//! are whole seconds.

use api_key_helper_backend::SignIn;
use api_key_helper_backend::text::rfc3339;
use api_key_helper_cache::{Demand, Freshness, Step, View, decide};
use api_key_helper_values::{Error, Moment};
use serde::{Serialize, Serializer};

use crate::readable::format_duration;
use crate::seal::SealStatus;

/// A profile, and the next call's action for this caller.
#[derive(Debug, Serialize)]
pub(crate) struct ProfileStatus {
    pub(crate) profile: String,
    pub(crate) configuration: Vec<String>,
    pub(crate) state_folder: String,
    /// The sealing key's home; `None` if there is no sealing key.
    pub(crate) seal: Option<SealStatus>,
    pub(crate) ttl_seconds: u64,
    pub(crate) hold_seconds: u64,
    pub(crate) next_call: NextCallStatus,
    pub(crate) sources: Vec<SourceStatus>,
}

#[derive(Debug, Serialize)]
pub(crate) struct NextCallStatus {
    pub(crate) does: NextCall,
    /// The source whose key is printed or fetched, or whose error is repeated.
    pub(crate) source: String,
    /// The reason for skipping earlier sources, in words; `None` for the first source.
    pub(crate) reason: Option<String>,
}

impl NextCallStatus {
    /// The status of `step`, with sources of these names.
    pub(super) fn new(step: Step, names: &[&str], views: &[View], now: Moment) -> Self {
        let (does, next) = match step {
            Step::Print { source, .. } | Step::FallBack { source } => (NextCall::Prints, source),
            Step::Fetch { source } => (NextCall::Asks, source),
            Step::Fail { source } => (NextCall::Fails, source),
        };
        let earlier = names.iter().zip(views).take(next);
        let reasons = earlier.map(|(name, view)| match pause_until(view, now) {
            Some(until) => {
                format!("`{name}` is in its pause for {} more", format_duration(until.since(now)))
            }
            None => format!("`{name}` failed, and is asked again behind the answer"),
        });
        let reasons: Vec<String> = reasons.collect();
        let reason = (!reasons.is_empty()).then(|| reasons.join(", "));
        Self { does, source: names[next].to_owned(), reason }
    }
}

/// The action of the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NextCall {
    /// Asks the source, and waits for it.
    Asks,
    /// Repeats the source's error, because the source is in its cooldown.
    Fails,
    /// Prints the source's cached key.
    Prints,
}

/// The time at which a source is asked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Refresh {
    /// At the first call after its key is no longer fresh.
    AfterFresh,
    /// Only if the sources before it are down.
    AfterOthers,
    /// At the first call after its cooldown.
    AfterPause,
    /// At the next call, which waits for it.
    AtNextCall,
    /// In the background of the next call.
    BehindNextCall,
    /// With a source that uses it, if its key is not fresh.
    WhenUsed,
}

impl Refresh {
    /// The time at which the source `index` is asked, if the next call takes this step.
    pub(super) fn new(index: usize, step: Step, views: &[View], now: Moment) -> Self {
        let stops = || views.iter().position(|view| !view.asks_next_source());
        let (last, behind) = match step {
            Step::Fetch { source } if source == index => return Self::AtNextCall,
            Step::Fetch { source } | Step::FallBack { source } => (source, None),
            Step::Print { source, then_refresh } => (source, then_refresh),
            Step::Fail { .. } => (stops().unwrap_or(views.len()), None),
        };
        if behind == Some(index) {
            Self::BehindNextCall
        } else if index > last || behind.is_some_and(|earlier| earlier < index) {
            Self::AfterOthers
        } else if pause_until(&views[index], now).is_some() {
            Self::AfterPause
        } else {
            Self::AfterFresh
        }
    }
}

/// The end of the source's cooldown. A call that prints its key would ask it in the background.
pub(super) fn pause_until(view: &View, now: Moment) -> Option<Moment> {
    let demand = match decide([*view], Demand::Printable, now) {
        Step::Print { .. } => Demand::Fresh,
        _ => Demand::Printable,
    };
    view.pause_until(demand, now)
}

#[derive(Debug, Serialize)]
pub(crate) struct SourceStatus {
    pub(crate) name: String,
    pub(crate) backend: String,
    pub(crate) key: KeyState,
    #[serde(serialize_with = "moment")]
    pub(crate) fetched_at: Option<Moment>,
    /// The issuer's expiry.
    #[serde(serialize_with = "moment")]
    pub(crate) expires_at: Option<Moment>,
    /// The end of being fresh.
    #[serde(serialize_with = "moment")]
    pub(crate) fresh_until: Option<Moment>,
    /// The end of being due: until then it is printed at once, and refreshed in the background.
    #[serde(serialize_with = "moment")]
    pub(crate) due_until: Option<Moment>,
    /// The end of being stale: until then it is printed if the source is down.
    #[serde(serialize_with = "moment")]
    pub(crate) usable_until: Option<Moment>,
    /// The time at which the source is asked next.
    pub(crate) refresh: Refresh,
    pub(crate) has_renewal: bool,
    pub(crate) sign_in: Option<SignInStatus>,
    pub(crate) failure: Option<FailureStatus>,
    /// The time until which a client is told that the API refuses this key.
    #[serde(serialize_with = "moment")]
    pub(crate) refused_until: Option<Moment>,
    /// The sources whose keys are secret inputs of this one.
    pub(crate) uses: Vec<Self>,
}

/// The state of a source's cached key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyState {
    Fresh,
    Due,
    Stale,
    Expired,
    None,
    Unreadable,
}

impl From<Freshness> for KeyState {
    fn from(freshness: Freshness) -> Self {
        match freshness {
            Freshness::Fresh => Self::Fresh,
            Freshness::Due => Self::Due,
            Freshness::Stale => Self::Stale,
            Freshness::Expired => Self::Expired,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct SignInStatus {
    pub(crate) account: Option<String>,
    /// The time at which the user must sign in again, if known.
    #[serde(serialize_with = "moment")]
    pub(crate) expires_at: Option<Moment>,
    pub(crate) scopes: Vec<String>,
    /// Requested, but not granted.
    pub(crate) missing_scopes: Vec<String>,
}

impl From<SignIn> for SignInStatus {
    fn from(sign_in: SignIn) -> Self {
        let SignIn { account, expires_at, scopes, missing_scopes, .. } = sign_in;
        Self { account, expires_at: expires_at.map(Moment::from), scopes, missing_scopes }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct FailureStatus {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    #[serde(serialize_with = "moment")]
    pub(crate) failed_at: Option<Moment>,
    /// The number of failures in a row.
    pub(crate) count: u32,
    /// Set while the source is in its cooldown.
    pub(crate) pauses: bool,
    /// The end of the cooldown.
    #[serde(serialize_with = "moment")]
    pub(crate) pause_until: Option<Moment>,
}

impl FailureStatus {
    /// The failure as an error that a fallback made up for.
    pub(crate) fn error(&self) -> Error {
        let error = Error::transient(self.message.clone());
        match &self.hint {
            Some(hint) => error.with_hint(hint.clone()),
            None => error,
        }
    }
}

fn moment<S: Serializer>(moment: &Option<Moment>, serializer: S) -> Result<S::Ok, S::Error> {
    moment.map(rfc3339).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use api_key_helper_cache::{CachedKey, KeyId, LastFailure, Validity};
    use api_key_helper_values::{ErrorKind, Fingerprint};

    use super::*;

    const NOW: Moment = Moment::from_unix_millis(1_000_000);
    const SECOND: Duration = Duration::from_secs(1);

    fn with(freshness: Freshness) -> View {
        let validity =
            Validity { fetched_at: NOW, expires_at: None, refresh_at: None, jitter: 0.0 };
        let key_id = KeyId { source: Fingerprint::of([]), since: NOW };
        let key = CachedKey { key_id, freshness, validity, refetched_at: None };
        View { key: Some(key), ..View::default() }
    }

    /// A source whose cooldown ends then.
    fn failed(kind: ErrorKind, view: View, pause_until: Moment) -> View {
        let pause_without_key_until = pause_until;
        let failure = LastFailure { kind, pause_until, pause_without_key_until };
        View { failure: Some(failure), ..view }
    }

    /// Returns the next call's action, and the time at which each source is asked.
    fn outlook(views: &[View]) -> (NextCall, String, Vec<Refresh>) {
        let step = decide(views.iter().copied(), Demand::Printable, NOW);
        let NextCallStatus { does, source, .. } =
            NextCallStatus::new(step, &["0", "1", "2"], views, NOW);
        let refreshes = (0..views.len()).map(|index| Refresh::new(index, step, views, NOW));
        (does, source, refreshes.collect())
    }

    #[test]
    fn status_of_one_source_says_when_it_is_asked() {
        use Freshness::{Due, Expired, Fresh, Stale};
        use Refresh::{AfterFresh, AfterPause, AtNextCall, BehindNextCall};

        let (transient, none) = (ErrorKind::Transient, View::default());
        let later = NOW.plus(SECOND);
        for (view, does, refresh) in [
            (with(Fresh), NextCall::Prints, AfterFresh),
            (with(Due), NextCall::Prints, BehindNextCall),
            (with(Stale), NextCall::Asks, AtNextCall),
            (with(Expired), NextCall::Asks, AtNextCall),
            (none, NextCall::Asks, AtNextCall),
            // In its cooldown, a due or stale key is printed. Without a key, the error is repeated.
            (failed(transient, with(Due), later), NextCall::Prints, AfterPause),
            (failed(transient, with(Stale), later), NextCall::Prints, AfterPause),
            (failed(transient, with(Expired), later), NextCall::Fails, AfterPause),
            (failed(transient, none, later), NextCall::Fails, AfterPause),
            (failed(ErrorKind::NeedsLogin, with(Stale), later), NextCall::Fails, AfterPause),
            // A mistake has no cooldown for a caller that waits.
            (failed(ErrorKind::Misconfigured, none, later), NextCall::Asks, AtNextCall),
            (failed(ErrorKind::Misconfigured, with(Due), later), NextCall::Prints, AfterPause),
            // The cooldown is over.
            (failed(transient, none, NOW), NextCall::Asks, AtNextCall),
        ] {
            assert_eq!(outlook(&[view]), (does, "0".to_owned(), vec![refresh]), "{view:?}");
        }
    }

    #[test]
    fn status_of_several_sources_says_when_each_is_asked() {
        use Refresh::{AfterFresh, AfterOthers, AfterPause, AtNextCall, BehindNextCall};

        let (fresh, none) = (with(Freshness::Fresh), View::default());
        let later = NOW.plus(SECOND);
        let down = |until| failed(ErrorKind::Transient, none, until);
        let denied = failed(ErrorKind::Denied, none, later);
        for (views, does, source, refreshes) in [
            (vec![fresh, none], NextCall::Prints, "0", vec![AfterFresh, AfterOthers]),
            (vec![none, fresh], NextCall::Asks, "0", vec![AtNextCall, AfterOthers]),
            (vec![down(later), none], NextCall::Asks, "1", vec![AfterPause, AtNextCall]),
            (vec![down(later), fresh], NextCall::Prints, "1", vec![AfterPause, AfterFresh]),
            // The first one's cooldown is over: it is asked in the background.
            (vec![down(NOW), fresh], NextCall::Prints, "1", vec![BehindNextCall, AfterOthers]),
            (vec![down(later), down(later)], NextCall::Fails, "0", vec![AfterPause, AfterPause]),
            (vec![denied, down(later)], NextCall::Fails, "0", vec![AfterPause, AfterOthers]),
        ] {
            assert_eq!(outlook(&views), (does, source.to_owned(), refreshes), "{views:?}");
        }
    }

    #[test]
    fn status_says_why_a_later_source_answers() {
        let down = |until| failed(ErrorKind::Transient, View::default(), until);
        let views = [down(NOW), down(NOW.plus(SECOND)), with(Freshness::Fresh)];
        let reason = |views: &[View]| {
            let step = decide(views.iter().copied(), Demand::Printable, NOW);
            NextCallStatus::new(step, &["a", "b", "c"], views, NOW).reason
        };
        assert_eq!(reason(&views[2..]), None);
        assert_eq!(
            reason(&views).unwrap(),
            "`a` failed, and is asked again behind the answer, `b` is in its pause for 1 s more"
        );
    }

    #[test]
    fn status_shows_the_end_of_a_failed_sources_cooldown() {
        let later = NOW.plus(SECOND);
        let down = failed(ErrorKind::Transient, View::default(), later);
        assert_eq!(pause_until(&down, NOW), Some(later));
        assert_eq!(pause_until(&with(Freshness::Fresh), NOW), None);
    }
}
