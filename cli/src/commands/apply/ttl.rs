//! The TTL of a client: the time for which it uses a key.

use std::time::Duration;

use api_key_helper_cache::Entry;
use api_key_helper_config::Profile;
use api_key_helper_core::Source;

use crate::readable::format_duration;
use crate::session::Session;

/// The time after which Claude Code runs the helper again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClientTtl {
    ttl: Duration,
    /// The lifetime of keys, if known.
    lifetime: Option<Duration>,
}

/// Limits `longest` to half of a key's `lifetime` less 30 s. The helper prints keys with at least
/// half of their lifetime left, and the last request before the end of the TTL still needs a valid
/// key.
///
/// The half is cut to whole minutes, or below one minute to whole seconds: the next key's measured
/// lifetime differs a little, and should give the same setting. The result is at least one second,
/// because 0 means one run for each request. Only the profile can ask for that.
pub(super) fn of_client(longest: Duration, lifetime: Option<Duration>) -> ClientTtl {
    let safe = lifetime.map_or(Duration::MAX, |life| {
        let seconds = (life / 2).saturating_sub(RESERVE).as_secs();
        let step = if seconds < 60 { 1 } else { 60 };
        Duration::from_secs(seconds - seconds % step).max(SHORTEST)
    });
    ClientTtl { ttl: longest.min(safe), lifetime }
}

/// The profile's `ttl`, or its `hold` if that is shorter.
pub(super) fn longest(profile: &Profile) -> Duration {
    profile.policy.ttl.min(profile.hold.fixed.unwrap_or(Duration::MAX))
}

/// The TTL for a client whose own time the helper cannot know. A printed key is valid for at least
/// the profile's `hold`, or without one for [`RESERVE`].
pub(super) fn printed(profile: &Profile) -> Duration {
    profile.policy.ttl.min(profile.hold.fixed.unwrap_or_default().max(RESERVE))
}

/// The shortest lifetime of the profile's keys: measured on cached keys, or else configured.
pub(super) fn lifetime(session: &Session) -> Option<Duration> {
    session.sources.iter().filter_map(|source| of_source(session, source)).min()
}

fn of_source(session: &Session, source: &Source) -> Option<Duration> {
    let validity = cached(session, source).map(|entry| entry.validity);
    let measured = validity.and_then(|found| Some(found.expires_at?.since(found.fetched_at)));
    measured.or(source.lifetime)
}

fn cached(session: &Session, source: &Source) -> Option<Entry> {
    session.cached(source).filter(|entry| entry.key.is_some())
}

/// The warning for a client that uses keys for a fixed `hold`, and so may send an expired key.
pub(super) fn too_long_for(lifetime: Option<Duration>, hold: Duration) -> Vec<String> {
    let life = lifetime.filter(|life| *life / 2 < hold.saturating_add(RESERVE));
    let warning = |life| {
        format!(
            "keys live for {} only: set `hold` in the profile to less than half of that, and run the \
             command again",
            format_duration(life)
        )
    };
    life.map(warning).into_iter().collect()
}

impl ClientTtl {
    pub(super) fn millis(self) -> u64 {
        u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX)
    }

    /// The interval in words: `every 5 minutes`.
    pub(super) fn refresh(self) -> String {
        let millis = self.millis();
        match (millis, millis % 60_000) {
            (0, _) => "before every request".to_owned(),
            (60_000, _) => "every minute".to_owned(),
            (1_000, _) => "every second".to_owned(),
            (_, 0) => format!("every {} minutes", millis / 60_000),
            _ => format!("every {} seconds", self.ttl.as_secs_f64()),
        }
    }

    /// Warnings about this TTL.
    pub(super) fn warning(self, session: &Session) -> Vec<String> {
        match self.lifetime {
            Some(life) if life / 2 < RESERVE + self.ttl.min(SHORTEST) => vec![format!(
                "keys live for {} only: Claude Code may send one that has just ended",
                format_duration(life)
            )],
            None if session.sources.iter().all(|source| cached(session, source).is_none()) => {
                vec![
                    "how long keys live is not known before one is fetched: run `api-key-helper`, \
                     then the same command again"
                        .to_owned(),
                ]
            }
            _ => Vec::new(),
        }
    }
}

const RESERVE: Duration = Duration::from_secs(30);
const SHORTEST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn seconds(ttl: u64, life: Option<u64>) -> f64 {
        of_client(Duration::from_secs(ttl), life.map(Duration::from_secs)).ttl.as_secs_f64()
    }

    #[test]
    fn apply_ttl_is_at_most_half_of_lifetime_less_the_reserve() {
        let rows = [
            (3_600, None, 3_600.0),
            (3_600, Some(86_400), 3_600.0),
            (3_600, Some(7_260), 3_600.0),
            (3_600, Some(7_259), 3_540.0),
            (3_600, Some(3_600), 1_740.0),
            (3_600, Some(3_599), 1_740.0),
            (3_600, Some(900), 420.0),
            (60, Some(900), 60.0),
            (3_600, Some(90), 15.0),
            (3_600, Some(62), 1.0),
            (3_600, Some(30), 1.0),
            (3_600, Some(0), 1.0),
            (0, Some(30), 0.0),
        ];
        for (ttl, life, expected) in rows {
            assert!((seconds(ttl, life) - expected).abs() < 1e-9, "{ttl} {life:?}");
        }
    }

    #[test]
    fn apply_ttl_is_worded_as_a_refresh_interval() {
        let rows = [
            (0, "before every request"),
            (1_000, "every second"),
            (1_500, "every 1.5 seconds"),
            (60_000, "every minute"),
            (90_000, "every 90 seconds"),
            (420_000, "every 7 minutes"),
            (3_600_000, "every 60 minutes"),
        ];
        for (millis, words) in rows {
            assert_eq!(of_client(Duration::from_millis(millis), Some(HOUR * 48)).refresh(), words);
        }
    }
}
