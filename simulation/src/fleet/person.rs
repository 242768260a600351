//! Whoever sits before a machine, and the client that asks for keys on their behalf.

use std::time::Duration;

use super::morning::{BEGINS, clock};
use crate::chance::Dice;

/// How long a client goes on using a key: Claude Code's own setting.
pub(super) const HOLD: Duration = Duration::from_secs(300);

/// Somebody who works, pauses, and works again.
#[derive(Debug)]
pub(super) struct Person {
    dice: Dice,
    /// When the present stretch of work is over.
    works_until: Duration,
}

impl Person {
    /// Somebody, and when they open their machine.
    pub(super) fn new(mut dice: Dice) -> (Self, Duration) {
        let opens = opening(&mut dice);
        let works_until = opens + exponential(&mut dice, WORK);
        (Self { dice, works_until }, opens)
    }

    /// When the client asks again that was given a key at `now`: with the first request after it
    /// has held the key for as long as it does.
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

    /// When somebody who was given none tries again.
    pub(super) fn tries_again_after(&mut self, now: Duration) -> Duration {
        let [soonest, latest] = TRIES_AGAIN.map(|time| time.as_secs_f64());
        now + Duration::from_secs_f64(soonest + self.dice.even() * (latest - soonest))
    }
}

/// Around nine, and in one case of [`SHARP`] within the minute after it.
fn opening(dice: &mut Dice) -> Duration {
    if dice.one_in(SHARP) {
        return NINE + Duration::from_secs_f64(60.0 * dice.even());
    }
    loop {
        // The sum of twelve even numbers has a variance of 1, and is as good as normal (Irwin-Hall).
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
/// One in so many is there at nine sharp.
const SHARP: u64 = 5;
const WORK: Duration = clock(0, 45);
const PAUSE: Duration = clock(0, 15);
const BETWEEN_REQUESTS: Duration = Duration::from_secs(20);
/// The soonest and the latest.
const TRIES_AGAIN: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(60)];
