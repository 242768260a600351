//! The figures of a morning.

use std::time::Duration;

use super::morning::{BEGINS, STEADY};
use super::record::Record;
use super::tally::Minute;

/// The figures of a morning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Requests that reached the server.
    pub requests: u64,
    /// The requests in the busiest second.
    pub busiest_second: u64,
    /// The mean of requests per second in the steady state: from ten o'clock until the outage.
    pub steady_mean: f64,
    /// The requests per second in the busiest minute of the steady state.
    pub steady_minute: f64,
    /// The requests in the busiest second of the steady state.
    pub steady_second: u64,
    /// The requests in the busiest second after the outage.
    pub second_after_outage: u64,
    /// The longest run of seconds after the outage in which the requests exceeded the server's
    /// limit.
    pub seconds_over_after_outage: u64,
    /// The longest such run before the outage.
    pub seconds_over_before_outage: u64,
    /// The number of printed keys.
    pub printed: u64,
    /// The number of stale keys among them, printed with a warning because the server issued none.
    pub bridged: u64,
    /// The calls that waited, for at most 0.1 s, 1 s, 5 s, and longer.
    pub waited: [u64; 4],
    /// The longest wait, in seconds.
    pub longest_wait: f64,
    /// The calls that waited with a key that could be printed at once.
    pub waited_valid: u64,
    /// The calls that waited with a key that was too old for that, and not expired.
    pub waited_stale: u64,
    /// The calls that ended without a key.
    pub failed: u64,
}

impl Figures {
    /// Computes the figures of a record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let outage = &record.morning.outage;
        let minutes = || minutes(record);
        let is_disturbed = outage.start >= STEADY;
        let steady = || {
            let until = if is_disturbed { outage.start } else { Duration::MAX };
            minutes().filter(move |(at, _)| (STEADY..until).contains(at))
        };
        let after = || minutes().filter(|(at, _)| *at >= outage.end);
        let before = || minutes().filter(|(at, _)| *at < outage.start);
        let seconds = 60.0 * steady().count().max(1) as f64;
        Self {
            requests: sum(minutes(), |minute| minute.requests),
            busiest_second: most(minutes(), |minute| minute.busiest_second),
            steady_mean: sum(steady(), |minute| minute.requests) as f64 / seconds,
            steady_minute: most(steady(), |minute| minute.requests) as f64 / 60.0,
            steady_second: most(steady(), |minute| minute.busiest_second),
            second_after_outage: most(after(), |minute| minute.busiest_second),
            seconds_over_after_outage: most(after(), |minute| minute.seconds_over),
            seconds_over_before_outage: most(before(), |minute| minute.seconds_over),
            printed: sum(minutes(), |minute| minute.printed),
            bridged: sum(minutes(), |minute| minute.bridged),
            waited: std::array::from_fn(|group| sum(minutes(), |minute| minute.waited[group])),
            longest_wait: most(minutes(), |minute| minute.longest_wait) as f64 / 1_000.0,
            waited_valid: sum(minutes(), |minute| minute.waited_valid),
            waited_stale: sum(minutes(), |minute| minute.waited_stale),
            failed: sum(minutes(), |minute| minute.failed),
        }
    }

    /// Returns the ratio of the busiest minute of the steady state to the mean.
    #[must_use]
    pub fn steady_peak(&self) -> f64 {
        self.steady_minute / self.steady_mean
    }
}

/// Returns the minutes, each with the time since midnight at which it begins.
pub(super) fn minutes(record: &Record) -> impl Iterator<Item = (Duration, &Minute)> {
    let begins = (BEGINS.as_secs()..).step_by(60).map(Duration::from_secs);
    begins.zip(&record.minutes)
}

fn sum<'r>(
    minutes: impl Iterator<Item = (Duration, &'r Minute)>,
    count: impl Fn(&Minute) -> u64,
) -> u64 {
    minutes.map(|(_, minute)| count(minute)).sum()
}

fn most<'r>(
    minutes: impl Iterator<Item = (Duration, &'r Minute)>,
    count: impl Fn(&Minute) -> u64,
) -> u64 {
    minutes.map(|(_, minute)| count(minute)).max().unwrap_or_default()
}
