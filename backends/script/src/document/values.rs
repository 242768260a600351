//! The values that documents hold: keys, times, and words about a failure.

use std::fmt;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::output::Unreadable;

/// A string that may be a key. A string with escapes passes through a buffer of the JSON parser,
/// which does not wipe it; keys have no need of any.
pub(super) struct Text(pub(super) Zeroizing<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

/// What a document says about a failure, where it is a string or a number.
#[derive(Default)]
pub(super) struct Words(pub(super) Option<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Words, E> {
        Ok(Words(Some(text.to_owned())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Words, E> {
        Ok(Words(Some(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Words, E> {
        Ok(Words(Some(number.to_string())))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Words, E> {
        Ok(Words(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Words, E> {
        Ok(Words(None))
    }

    fn visit_unit<E>(self) -> Result<Words, E> {
        Ok(Words(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Words, A::Error> {
        IgnoredAny.visit_seq(seq).map(|_| Words(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Words, A::Error> {
        IgnoredAny.visit_map(map).map(|_| Words(None))
    }
}

/// A point in time, or a length of it.
#[derive(Clone, Copy)]
pub(super) enum Time {
    At(Timestamp),
    Seconds(f64),
    Unreadable,
}

impl Time {
    /// This as the point in time that `field` gives.
    pub(super) fn point(self, field: &'static str) -> Result<SystemTime, Unreadable> {
        let point = match self {
            Self::At(timestamp) => SystemTime::try_from(timestamp).ok(),
            Self::Seconds(seconds) if seconds >= LAST_SECOND => {
                return Err(Unreadable::Milliseconds { field });
            }
            Self::Seconds(seconds) => Duration::try_from_secs_f64(seconds)
                .ok()
                .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)),
            Self::Unreadable => None,
        };
        point.ok_or(Unreadable::NoTime { field })
    }

    /// The end of this length of time, which `field` gives and which begins at `start`. `None` when
    /// it is so long that no clock will see its end.
    pub(super) fn after(
        self,
        start: SystemTime,
        field: &'static str,
    ) -> Result<Option<SystemTime>, Unreadable> {
        match self {
            Self::Seconds(seconds) if seconds >= 0.0 => Ok(Duration::try_from_secs_f64(seconds)
                .ok()
                .and_then(|length| start.checked_add(length))),
            Self::At(_) | Self::Seconds(_) | Self::Unreadable => Err(Unreadable::NoTime { field }),
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time")
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_i64<E>(self, seconds: i64) -> Result<Time, E> {
        Ok(Time::Seconds(seconds as f64))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E>(self, seconds: u64) -> Result<Time, E> {
        Ok(Time::Seconds(seconds as f64))
    }

    fn visit_f64<E>(self, seconds: f64) -> Result<Time, E> {
        Ok(Time::Seconds(seconds))
    }

    /// Numbers in quotes are what `jq --arg` makes, and some token endpoints.
    fn visit_str<E>(self, text: &str) -> Result<Time, E> {
        let text = text.trim();
        Ok(match (text.parse::<f64>(), text.parse()) {
            (Ok(seconds), _) if seconds.is_finite() => Time::Seconds(seconds),
            (_, Ok(timestamp)) => Time::At(timestamp),
            _ => Time::Unreadable,
        })
    }
}

/// The year 5138. A larger number of seconds is one of milliseconds, from 1973 on.
const LAST_SECOND: f64 = 1e11;
