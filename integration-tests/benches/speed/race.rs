//! Runs programs in turns, so that disturbances of the machine affect all of them.

use std::time::Duration;

use crate::contestant::Contestant;

/// The times of one program's runs.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn median(&self) -> Duration {
        self.0[self.0.len() / 2]
    }

    /// Returns the time of the slowest run in a hundred.
    pub(crate) fn p99(&self) -> Duration {
        self.0[self.0.len() * 99 / 100]
    }
}

impl FromIterator<Duration> for Times {
    fn from_iter<T: IntoIterator<Item = Duration>>(times: T) -> Self {
        let mut times: Vec<Duration> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }
}

/// Runs all programs `rounds` times, one after the other in each round, after a few rounds that
/// fill the disk cache. The order changes from round to round, because a large program leaves
/// little of the processor's caches to the next one.
pub(crate) fn race(contestants: &mut [Contestant<'_>], rounds: usize) -> Vec<Times> {
    let warm_up = rounds.div_ceil(20);
    let mut times = vec![Vec::with_capacity(rounds); contestants.len()];
    for round in 0..warm_up + rounds {
        for turn in order(contestants.len(), round) {
            let time = contestants[turn].run();
            if round >= warm_up {
                times[turn].push(time);
            }
        }
    }
    times.into_iter().map(Times::from_iter).collect()
}

/// Returns each number below `count` once, in steps that differ between rounds.
fn order(count: usize, round: usize) -> impl Iterator<Item = usize> {
    // With a step that has no common factor with the count, each number occurs.
    let is_common = |step: usize, part| step.is_multiple_of(part) && count.is_multiple_of(part);
    let meets_all = |step: &usize| !(2..=*step).any(|part| is_common(*step, part));
    let steps: Vec<usize> = (1..=count).filter(meets_all).collect();
    let step = steps[round % steps.len()];
    (0..count).map(move |turn| (round + turn * step) % count)
}
