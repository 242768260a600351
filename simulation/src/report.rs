//! The report about many seeds.

use std::fmt;
use std::num::NonZero;
use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

use crate::run::{Ran, run};

/// The number of steps for each of many seeds.
pub const STEPS_OF_A_SEED: u64 = 5_000;
/// The number of last events that are shown.
pub const EVENTS: usize = 100;

/// The results of many seeds.
#[derive(Debug, Default)]
pub struct Report {
    seeds: u64,
    steps: u64,
    attempts: u64,
    printed: u64,
    kills: u64,
    crashes: u64,
    broken: Vec<Ran>,
}

impl Report {
    /// Runs seeds from `first` on, until `steps` steps are taken, on all processors. A processor
    /// whose seed breaks an invariant takes no other.
    ///
    /// # Panics
    /// The simulated code panics.
    #[must_use]
    pub fn of(first: u64, steps: u64) -> Self {
        let seeds = first..first + steps.div_ceil(STEPS_OF_A_SEED);
        Self::of_each(seeds, |seed| run(seed, STEPS_OF_A_SEED, EVENTS))
    }

    fn of_each(seeds: Range<u64>, run: impl Fn(u64) -> Ran + Sync) -> Self {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..threads)
                .map(|thread| {
                    let (mine, run) = (seeds.clone().skip(thread).step_by(threads), &run);
                    scope.spawn(move || Self::default().with_all(mine, run))
                })
                .collect();
            let reports = threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            reports.fold(Self::default(), Self::and)
        })
    }

    /// Returns whether every invariant held.
    #[must_use]
    pub const fn is_fine(&self) -> bool {
        self.broken.is_empty()
    }

    /// Runs `seeds` until one breaks an invariant: others would probably report the same.
    fn with_all(mut self, seeds: impl Iterator<Item = u64>, run: impl Fn(u64) -> Ran) -> Self {
        for seed in seeds {
            self = self.with(run(seed));
            if !self.is_fine() {
                break;
            }
        }
        self
    }

    fn with(self, ran: Ran) -> Self {
        let mut report = Self {
            seeds: 1,
            steps: ran.steps,
            attempts: ran.attempts,
            printed: ran.printed,
            kills: ran.kills,
            crashes: ran.crashes,
            broken: Vec::new(),
        };
        report.broken.extend(ran.broken.is_some().then_some(ran));
        self.and(report)
    }

    fn and(mut self, mut other: Self) -> Self {
        self.broken.append(&mut other.broken);
        Self {
            seeds: self.seeds + other.seeds,
            steps: self.steps + other.steps,
            attempts: self.attempts + other.attempts,
            printed: self.printed + other.printed,
            kills: self.kills + other.kills,
            crashes: self.crashes + other.crashes,
            broken: self.broken,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seeds, steps, attempts, printed, kills, crashes, broken } = self;
        if let Some(ran) = broken.iter().min_by_key(|ran| ran.seed) {
            writeln!(f, "{ran}")?;
        }
        writeln!(
            f,
            "simulated {steps} steps of {seeds} seeds: {printed} keys printed, {attempts} attempts, \
             {kills} processes killed, {crashes} power failures"
        )
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.last {
            writeln!(f, "{line}")?;
        }
        let Self { seed, steps, hash, .. } = self;
        match &self.broken {
            None => {
                writeln!(f, "seed {seed}: {steps} steps, every invariant held, trace {hash:016x}")
            }
            Some(broken) => writeln!(
                f,
                "seed {seed} broke `{}` at step {steps}: {}\n\
                 replay: cargo run -p simulation --bin simulate -- --seed {seed} --steps {steps}",
                broken.invariant, broken.how
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "the seventh")]
    fn simulation_seed_that_panics_fails_the_report() {
        let _ = Report::of_each(0..20, |seed| {
            assert!(seed != 7, "the seventh");
            run(seed, 10, 0)
        });
    }
}
