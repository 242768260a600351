//! What is different from one morning to another.

use std::ops::Range;
use std::time::Duration;

use api_key_helper_values::Moment;

/// A fleet's morning, from half past seven to half past one.
#[derive(Clone, Debug, PartialEq)]
pub struct Morning {
    /// What comes of chance comes of it.
    pub seed: u64,
    /// How many helpers there are, each with a machine and a person of its own.
    pub helpers: usize,
    /// How many requests the server answers in a second; it refuses what is beyond that.
    pub limit: u64,
    /// The setting of that name: 0 to 1.
    pub ttl_jitter: f64,
    /// When the server answers nobody, in time since midnight.
    pub outage: Range<Duration>,
    /// What the machines have kept from the day before.
    pub keys: Keys,
}

/// What a machine has at the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// No key.
    None,
    /// The key of the afternoon before, which has no end that the server told.
    OfYesterday,
}

impl Morning {
    /// The mornings of `docs/internals/fleet.md`, with the names of their files and their headings.
    #[must_use]
    pub fn all() -> [(&'static str, &'static str, Self); 4] {
        let usual = Self::usual();
        let at_nine = usual.clone().down_at_nine();
        let without_keys = Self { keys: Keys::None, ..at_nine.clone() };
        [
            ("with-jitter", "jitter of 10 %", usual.clone()),
            ("without-jitter", "no jitter", usual.without_jitter()),
            ("down-at-nine", "down at nine", at_nine),
            ("down-at-nine-without-keys", "down at nine, and no old keys", without_keys),
        ]
    }

    /// A hundred thousand helpers, and a server for five hundred requests a second that is down for
    /// ten minutes at half past twelve.
    #[must_use]
    pub const fn usual() -> Self {
        Self {
            seed: 9,
            helpers: 100_000,
            limit: 500,
            ttl_jitter: 0.1,
            outage: clock(12, 30)..clock(12, 40),
            keys: Keys::None,
        }
    }

    /// The same without jitter.
    #[must_use]
    pub fn without_jitter(self) -> Self {
        Self { ttl_jitter: 0.0, ..self }
    }

    /// The same with the outage when most people come, on machines that were used the day before.
    #[must_use]
    pub fn down_at_nine(self) -> Self {
        Self { outage: clock(8, 55)..clock(9, 5), keys: Keys::OfYesterday, ..self }
    }

    /// The same with so many `times` fewer helpers, and a server that is as much smaller.
    #[must_use]
    pub fn smaller(self, times: usize) -> Self {
        let limit = self.limit / u64::try_from(times).unwrap_or(u64::MAX);
        Self { helpers: self.helpers / times, limit, ..self }
    }
}

/// When it begins, in time since midnight.
pub(super) const BEGINS: Duration = clock(7, 30);
/// When it ends.
pub(super) const ENDS: Duration = clock(13, 30);
/// When everybody has come and the rush is over.
pub(super) const STEADY: Duration = clock(10, 0);

/// What the wall clock of every machine says at midnight.
pub(super) const MIDNIGHT: Moment = Moment::from_unix_millis(1_800_057_600_000);

/// That time of the day, since midnight.
pub(super) const fn clock(hours: u64, minutes: u64) -> Duration {
    Duration::from_secs((hours * 60 + minutes) * 60)
}
