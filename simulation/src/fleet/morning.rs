//! The parameters of a morning.

use std::ops::Range;
use std::time::Duration;

use api_key_helper_values::Moment;

/// The morning of a fleet, from 7:30 to 13:30.
#[derive(Clone, Debug, PartialEq)]
pub struct Morning {
    /// The seed of all random numbers.
    pub seed: u64,
    /// The number of helpers, each with its own machine and user.
    pub helpers: usize,
    /// The number of requests per second that the server answers; it refuses the others.
    pub limit: u64,
    /// The setting `ttl_jitter`, from 0 to 1.
    pub ttl_jitter: f64,
    /// The time since midnight in which the server is down.
    pub outage: Range<Duration>,
    /// The keys that the machines have from the day before.
    pub keys: Keys,
}

/// The key that a machine has at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// No key.
    None,
    /// A key of the previous afternoon, for which the server reported no expiry.
    OfYesterday,
}

impl Morning {
    /// Returns the mornings of `docs/fleet.md`, with their file names and headings.
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

    /// Returns a morning with 100,000 helpers, and a server for 500 requests per second that is
    /// down for ten minutes at 12:30.
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

    /// Removes the jitter.
    #[must_use]
    pub fn without_jitter(self) -> Self {
        Self { ttl_jitter: 0.0, ..self }
    }

    /// Moves the outage to the time when most users arrive, on machines that were used the day
    /// before.
    #[must_use]
    pub fn down_at_nine(self) -> Self {
        Self { outage: clock(8, 55)..clock(9, 5), keys: Keys::OfYesterday, ..self }
    }

    /// Divides the number of helpers and the server's limit by `times`.
    #[must_use]
    pub fn smaller(self, times: usize) -> Self {
        let limit = self.limit / u64::try_from(times).unwrap_or(u64::MAX);
        Self { helpers: self.helpers / times, limit, ..self }
    }
}

/// The start of the simulation, in time since midnight.
pub(super) const BEGINS: Duration = clock(7, 30);
/// The end of the simulation.
pub(super) const ENDS: Duration = clock(13, 30);
/// The time at which all users have arrived and the rush is over.
pub(super) const STEADY: Duration = clock(10, 0);

/// The wall clock of every machine at midnight.
pub(super) const MIDNIGHT: Moment = Moment::from_unix_millis(1_800_057_600_000);

/// Returns a time of day as time since midnight.
pub(super) const fn clock(hours: u64, minutes: u64) -> Duration {
    Duration::from_secs((hours * 60 + minutes) * 60)
}
