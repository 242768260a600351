//! Points in time, as they are saved and compared.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// A point in time in whole milliseconds since the Unix epoch. All arithmetic saturates, so no
/// clock and no issuer can make it overflow; [`Moment::NEVER`] is later than all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moment(u64);

impl Moment {
    /// A moment later than all others.
    pub const NEVER: Self = Self(u64::MAX);

    /// The Unix epoch. No key expires here: as an expiry, it is a zero that stands for none.
    pub const EPOCH: Self = Self(0);

    /// The last second of the year 9999. Every platform can represent it, and no issuer means a
    /// later one.
    pub const LAST: Self = Self(253_402_300_799_000);

    /// Returns the moment with these milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_millis(self) -> u64 {
        self.0
    }

    /// Returns the moment `duration` later. `NEVER` stays the same.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// Returns the moment `duration` earlier, but not before the epoch. `NEVER` stays the same.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        if self == Self::NEVER { self } else { Self(self.0.saturating_sub(millis(duration))) }
    }

    /// Returns the time since `earlier`; zero if that is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl From<SystemTime> for Moment {
    /// Rounds down; a time before the epoch becomes the epoch.
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, millis))
    }
}

impl From<Moment> for SystemTime {
    fn from(moment: Moment) -> Self {
        Self::UNIX_EPOCH + Duration::from_millis(moment.min(Moment::LAST).0)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_moment_arithmetic_saturates() {
        let moment = Moment::from_unix_millis(5_000);
        assert_eq!(moment.plus(Duration::MAX), Moment::NEVER);
        assert_eq!(moment.minus(Duration::MAX), Moment::from_unix_millis(0));
        assert_eq!(Moment::NEVER.minus(Duration::from_secs(1)), Moment::NEVER);
        assert_eq!(moment.since(Moment::NEVER), Duration::ZERO);
        assert_eq!(
            Moment::from(SystemTime::UNIX_EPOCH - Duration::from_secs(1)),
            Moment::from_unix_millis(0)
        );
        assert_eq!(Moment::from(SystemTime::from(moment)), moment);
    }
}
