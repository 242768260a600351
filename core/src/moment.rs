//! Points in time as they are stored and compared.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A point in time in whole milliseconds since the Unix epoch. All arithmetic saturates, so that no
/// clock and no issuer can make it wrap; [`Moment::NEVER`] is later than all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moment(u64);

impl Moment {
    /// Later than every other moment.
    pub const NEVER: Self = Self(u64::MAX);

    /// A moment by its milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_millis(self) -> u64 {
        self.0
    }

    /// The later moment `duration` away. An infinity stays one.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// The earlier moment `duration` away, the epoch at the earliest. An infinity stays one.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        if self == Self::NEVER { self } else { Self(self.0.saturating_sub(millis(duration))) }
    }

    /// As RFC 3339 has it in UTC, to the second before.
    #[cfg(feature = "engine")]
    #[must_use]
    pub fn rfc3339(self) -> String {
        let seconds = i64::try_from(self.0 / 1_000).unwrap_or(i64::MAX);
        jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX).to_string()
    }

    /// How long it is from `earlier` to here; zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl From<SystemTime> for Moment {
    /// Rounds down; what lies before the epoch becomes the epoch.
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).map_or(0, millis))
    }
}

impl From<Moment> for SystemTime {
    fn from(moment: Moment) -> Self {
        // The largest time that every platform can hold is far beyond any issuer's: year 9999.
        const LAST: u64 = 253_402_300_799_000;
        UNIX_EPOCH + Duration::from_millis(moment.0.min(LAST))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saturates() {
        let moment = Moment::from_unix_millis(5_000);
        assert_eq!(moment.plus(Duration::MAX), Moment::NEVER);
        assert_eq!(moment.minus(Duration::MAX), Moment::from_unix_millis(0));
        assert_eq!(Moment::NEVER.minus(Duration::from_secs(1)), Moment::NEVER);
        assert_eq!(moment.since(Moment::NEVER), Duration::ZERO);
        assert_eq!(Moment::from(UNIX_EPOCH - Duration::from_secs(1)), Moment::from_unix_millis(0));
        assert_eq!(Moment::from(SystemTime::from(moment)), moment);
    }
}
