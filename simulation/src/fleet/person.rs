//! A user at a machine, and the client that requests keys.

use std::time::Duration;

use super::morning::{BEGINS, clock};
use crate::chance::Dice;

/// The time for which a client uses a key: the default of Claude Code.
pub(super) const HOLD: Duration = Duration::from_secs(300);

/// A user who works, takes breaks, and works again.
#[derive(Debug)]
pub(super) struct Person {
    dice: Dice,
    /// The end of the current stretch of work.
    works_until: Duration,
}

impl Person {
    /// Returns a user, and the time at which they open their machine.
    pub(super) fn new(mut dice: Dice) -> (Self, Duration) {
        let opens = opening(&mut dice);
        let works_until = opens + exponential(&mut dice, WORK);
        (Self { dice, works_until }, opens)
    }

    /// Returns when a client that got a key at `now` asks again: at its first request after it has
    /// used the key for [`HOLD`].
    pub(super) fn asks_after(&mut self, now: Duration) -> Duration {
        let earliest = now + HOLD;
        loop {
            let next = earliest.max(now) + exponential(&mut self.dice, BETWEEN_REQUESTS);
            if next < self.works_until {
                return next;
            }
            let resumes = self.works_until + exponential(&mut self.dice, PAUSE);
            self.works_until = resumes + exponential(&mut self.dice, WORK);
            if resumes > earliest {
                return resumes;
            }
        }
    }

    /// Returns when a user without a key tries again.
    pub(super) fn tries_again_after(&mut self, now: Duration) -> Duration {
        let [soonest, latest] = TRIES_AGAIN.map(|time| time.as_secs_f64());
        now + Duration::from_secs_f64(soonest + self.dice.even() * (latest - soonest))
    }
}

/// Returns a time around nine; for one user in [`SHARP`], in the minute after nine.
fn opening(dice: &mut Dice) -> Duration {
    if dice.one_in(SHARP) {
        return NINE + Duration::from_secs_f64(60.0 * dice.even());
    }
    loop {
        // The sum of twelve uniform numbers has a variance of 1, and is close to normal
        // (Irwin-Hall).
        let deviations = (0..12).map(|_| dice.even()).sum::<f64>() - 6.0;
        let opens = NINE.as_secs_f64() + deviations * DEVIATION.as_secs_f64();
        if opens >= BEGINS.as_secs_f64() {
            return Duration::from_secs_f64(opens);
        }
    }
}

fn exponential(dice: &mut Dice, mean: Duration) -> Duration {
    mean.mul_f64(-(1.0 - dice.even()).ln())
}

const NINE: Duration = clock(9, 0);
const DEVIATION: Duration = clock(0, 20);
/// One user in this many arrives at nine sharp.
const SHARP: u64 = 5;
const WORK: Duration = clock(0, 45);
const PAUSE: Duration = clock(0, 15);
const BETWEEN_REQUESTS: Duration = Duration::from_secs(20);
/// The earliest and the latest retry.
const TRIES_AGAIN: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(60)];
