//! The memory of a source's failure, which prevents a stampede during an outage.

use std::ffi::OsString;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{EnvironmentMark, Error, ErrorKind, Hint, Moment};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// The longest cooldown while callers have no key at all.
const LONGEST_PAUSE_WITHOUT_KEY: Duration = Duration::from_secs(30);

/// A source's last failure, with its cooldown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    kind: ErrorKind,
    message: String,
    hint: Option<Hint>,
    source_name: Option<String>,
    /// The number of failures in a row.
    count: u32,
    failed_at: Moment,
    pause_until: Moment,
    /// The end of the cooldown without a usable key.
    pause_without_key_until: Moment,
    /// The environment in which it happened.
    environment: EnvironmentMark,
}

/// The part of a failure that decides when the source is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastFailure {
    /// The kind of the error.
    pub kind: ErrorKind,
    /// The end of the cooldown.
    pub pause_until: Moment,
    /// The end of the cooldown without a usable key.
    pub pause_without_key_until: Moment,
}

impl LastFailure {
    /// The end of the cooldown; `None` if it is over at `now`. A cooldown longer than the cap means
    /// that the clock jumped, and is over too.
    #[must_use]
    pub fn pause_until(&self, now: Moment, has_usable_key: bool) -> Option<Moment> {
        let (until, cap) = if has_usable_key {
            (self.pause_until, LONGEST_PAUSE)
        } else {
            (self.pause_without_key_until, LONGEST_PAUSE_WITHOUT_KEY)
        };
        (now < until && until.since(now) <= cap).then_some(until)
    }
}

/// The version of the format, the first byte of the file.
const VERSION: u8 = 3;

impl Failure {
    /// Remembers `error` in `environment`. `before` is the previous failure, and `chance` a random
    /// number from 0 to 1. The cooldown is 1 s, and doubles with each failure in a row. A random
    /// part of its upper half is taken, so that a fleet does not come back together. It is added
    /// to a server's `Retry-After`, which all clients of the fleet may have received.
    #[must_use]
    pub fn remember(
        error: &Error,
        before: Option<&Self>,
        environment: EnvironmentMark,
        now: Moment,
        chance: f64,
    ) -> Self {
        let count = before.map_or(1, |failure| failure.count.saturating_add(1));
        let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(count - 1));
        let share = (1.0 + chance.clamp(0.0, 1.0)) / 2.0;
        // The cap applies before the random share. Otherwise all long cooldowns would be equal.
        let pause = |cap: Duration| {
            let drawn = doubled.min(cap).mul_f64(share);
            error.retry_after().unwrap_or_default().saturating_add(drawn).min(cap)
        };
        Self {
            kind: error.kind(),
            // A message may contain many names from a server. Only the part that is shown is kept.
            message: error.short_text(),
            hint: error.hint().map(Hint::shortened),
            source_name: error.source_name().map(str::to_owned),
            count,
            failed_at: now,
            pause_until: now.plus(pause(LONGEST_PAUSE)),
            pause_without_key_until: now.plus(pause(LONGEST_PAUSE_WITHOUT_KEY)),
            environment,
        }
    }

    /// Returns whether the failure applies to an environment in which `names` have these values.
    /// Other credentials or another server have not failed yet.
    #[must_use]
    pub fn stands(&self, names: &[String], read: &dyn Fn(&str) -> Option<OsString>) -> bool {
        self.environment.stands(names, read)
    }

    /// The part that decides when the source is asked again.
    #[must_use]
    pub const fn last(&self) -> LastFailure {
        let Self { kind, pause_until, pause_without_key_until, .. } = *self;
        LastFailure { kind, pause_until, pause_without_key_until }
    }

    /// The remembered error.
    #[must_use]
    pub fn error(&self) -> Error {
        let mut error = Error::new(self.kind, self.message.clone());
        if let Some(hint) = &self.hint {
            error = error.with_hint(hint.clone());
        }
        match &self.source_name {
            Some(name) => error.about(name),
            None => error,
        }
    }

    /// The kind of the error.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The time of the failure.
    #[must_use]
    pub const fn failed_at(&self) -> Moment {
        self.failed_at
    }

    /// The environment in which it happened.
    #[must_use]
    pub const fn environment(&self) -> EnvironmentMark {
        self.environment
    }

    /// The number of failures in a row.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The content of the failure's file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Fails only for a full sink, and a vector grows.
        postcard::to_extend(self, vec![VERSION]).unwrap_or_default()
    }

    /// Decodes the content of the failure's file; `None` if it is damaged, which only costs an
    /// attempt.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&VERSION, content) = bytes.split_first()? else { return None };
        postcard::from_bytes(content).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_unix_millis(1_000_000_000);

    fn after(seconds: u64) -> Moment {
        NOW.plus(Duration::from_secs(seconds))
    }

    fn names() -> [String; 1] {
        ["A".to_owned()]
    }

    /// The mark of an environment in which the variable has this value.
    fn mark(value: &'static str) -> EnvironmentMark {
        EnvironmentMark::new([7; 16], &names(), &with(value))
    }

    fn with(value: &'static str) -> impl Fn(&str) -> Option<OsString> {
        move |_| Some(value.into())
    }

    /// Returns whether the failure prevents asking the source.
    fn pauses(failure: &Failure, now: Moment, has_usable_key: bool) -> bool {
        failure.last().pause_until(now, has_usable_key).is_some()
    }

    /// The failure after `count` failures in a row, with the longest cooldowns.
    fn nth(count: u32) -> Failure {
        let error = Error::transient("down").with_hint("wait");
        (0..count)
            .fold(None, |before: Option<Failure>, _| {
                Some(Failure::remember(&error, before.as_ref(), mark("1"), NOW, 1.0))
            })
            .unwrap()
    }

    #[test]
    fn failure_cooldown_doubles_up_to_five_minutes() {
        for (count, pause) in [(1, 1), (2, 2), (3, 4), (8, 128), (9, 256), (10, 300), (99, 300)] {
            let failure = nth(count);
            assert!(pauses(&failure, after(pause - 1), true), "{count}");
            assert!(!pauses(&failure, after(pause), true), "{count}");
        }
    }

    #[test]
    fn failure_cooldown_without_a_key_is_at_most_30_seconds() {
        assert!(pauses(&nth(10), after(29), false));
        assert!(!pauses(&nth(10), after(30), false));
    }

    #[test]
    fn failure_cooldown_jitter_takes_up_to_half() {
        let failure =
            Failure::remember(&Error::transient("down"), Some(&nth(2)), mark("1"), NOW, 0.0);
        assert!(pauses(&failure, after(1), true));
        assert!(!pauses(&failure, after(2), true));
    }

    #[test]
    fn retry_after_lengthens_the_cooldown_within_the_cap() {
        let remember = |seconds| {
            let error = Error::transient("busy").with_retry_after(Duration::from_secs(seconds));
            Failure::remember(&error, None, mark("1"), NOW, 0.0)
        };
        assert!(pauses(&remember(20), after(20), true));
        assert!(!pauses(&remember(20), after(21), true));
        assert!(!pauses(&remember(100_000), after(300), true));
    }

    #[test]
    fn cooldowns_of_many_end_apart_by_jitter() {
        let end = |chance, has_usable_key| {
            let error = Error::transient("down");
            let failure = Failure::remember(&error, Some(&nth(20)), mark("1"), NOW, chance);
            failure.last().pause_until(NOW, has_usable_key)
        };
        let ends = [(0.0, true), (1.0, true), (0.0, false), (1.0, false)];
        let expected = [150, 300, 15, 30].map(|seconds| Some(after(seconds)));
        assert_eq!(ends.map(|(chance, has_usable_key)| end(chance, has_usable_key)), expected);
    }

    #[test]
    fn clock_that_went_back_ends_the_cooldown() {
        assert!(pauses(&nth(5), NOW, true));
        assert!(!pauses(&nth(5), NOW.minus(Duration::from_secs(1_000)), true));
    }

    #[test]
    fn failure_belongs_to_its_environment() {
        assert!(nth(1).stands(&names(), &with("1")));
        assert!(!nth(1).stands(&names(), &with("2")));
    }

    #[test]
    fn failure_cooldown_file_with_a_long_message_is_small() {
        let error = Error::not_found("a".repeat(1 << 20)).with_hint("b".repeat(1 << 20));
        let failure = Failure::remember(&error, None, mark("1"), NOW, 1.0);
        assert!(failure.encode().len() < 2_000, "{}", failure.encode().len());
        assert_eq!(failure.error().report(), error.report());
    }

    #[test]
    fn failure_cooldown_roundtrips_through_encoding() {
        let error = Error::needs_login("no sign-in for `sso`")
            .about("sso")
            .with_hint(Hint::new("run").with_command(["login", "--source", "sso"]));
        let failure = Failure::remember(&error, Some(&nth(2)), mark("1"), NOW, 1.0);
        assert_eq!(Failure::decode(&failure.encode()), Some(failure.clone()));
        assert_eq!(failure.error(), error);
        for garbage in [&b""[..], b"\x01", b"\x02abc", b"\x04abc", b"garbage"] {
            assert_eq!(Failure::decode(garbage), None);
        }
    }
}
