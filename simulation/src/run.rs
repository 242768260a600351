//! A run: the world of one seed, with its storms and calms.

use std::time::Duration;

use api_key_helper_values::ErrorKind;

use crate::invariants::Broken;
use crate::process::see;
use crate::profile::{ENVIRONMENTS, Slot};
use crate::scheduler::Scheduler;
use crate::trace::Trace;
use crate::universe::{Job, Universe};

/// The duration of a storm, in steps.
const STORM: u64 = 600;
/// A process that has not ended after this many steps never does.
const PATIENCE: u64 = 200_000;
/// Slightly more than the longest cooldown of a source while there is no usable key.
const PAUSE: Duration = Duration::from_secs(31);

/// The result of a seed.
#[derive(Debug)]
pub struct Ran {
    /// The seed.
    pub seed: u64,
    /// The number of steps.
    pub steps: u64,
    /// The number of attempts that the sources received.
    pub attempts: u64,
    /// The number of printed keys.
    pub printed: u64,
    /// The number of power failures.
    pub crashes: u64,
    /// The number of killed processes.
    pub kills: u64,
    /// A hash of all events.
    pub hash: u64,
    /// The invariant that did not hold.
    pub broken: Option<Broken>,
    /// The last events.
    pub last: Vec<String>,
}

/// Runs the world of `seed` until `steps` steps are taken or an invariant breaks. Returns the last
/// `events` events.
#[must_use]
pub fn run(seed: u64, steps: u64, events: usize) -> Ran {
    let mut run = Run::new(seed, events);
    while run.goes_on(steps) {
        run.storm(steps);
        run.calm();
    }
    run.ran(seed)
}

struct Run {
    scheduler: Scheduler,
    kills: u64,
    crashes: u64,
}

impl Run {
    fn new(seed: u64, events: usize) -> Self {
        Self { scheduler: Scheduler::new(Universe::new(seed, events)), kills: 0, crashes: 0 }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Universe) -> T) -> T {
        act(&mut see(&self.scheduler.universe))
    }

    fn goes_on(&self, steps: u64) -> bool {
        self.with(|universe| universe.broken.is_none() && universe.steps < steps)
    }

    /// Runs the world with all faults enabled.
    fn storm(&mut self, steps: u64) {
        let end = self.with(|universe| {
            universe.locks = universe.scenario.locks;
            steps.min(universe.steps + STORM)
        });
        let mut next = Duration::ZERO;
        while self.goes_on(end) {
            let (now, one_more) = self.with(|universe| {
                let crowd = universe.scenario.crowd;
                (universe.clock.uptime, universe.processes.len() < crowd)
            });
            let wake = self.scheduler.next_wake();
            if one_more && next <= now {
                self.with(Universe::happens);
                next = now + self.with(Universe::lull);
            }
            self.scheduler.start_all();
            self.disaster();
            if wake.is_some_and(|wake| wake <= now) {
                self.scheduler.step();
            } else if self.scheduler.next_wake().is_none_or(|wake| wake > now) {
                // No process can run, so time passes.
                let until = self.scheduler.next_wake().map_or(next, |wake| wake.min(next));
                let until = if one_more { until } else { wake.unwrap_or(until) };
                self.with(|universe| universe.clock.uptime = until.max(now));
            }
        }
    }

    fn disaster(&mut self) {
        if self.scheduler.is_idle() {
            return;
        }
        let (kills, crashes) = self.with(|universe| {
            let hits = |rate: Option<u64>, universe: &mut Universe| {
                rate.is_some_and(|rate| universe.dice.one_in(rate))
            };
            let (kills, crashes) = (universe.scenario.kills, universe.scenario.crashes);
            (hits(kills, universe), hits(crashes, universe))
        });
        if crashes {
            self.crashes += 1;
            self.scheduler.crash();
        } else if kills {
            self.kills += 1;
            self.scheduler.kill();
        }
    }

    /// Ends all faults: the next call must print a key, if necessary after a login.
    fn calm(&mut self) {
        if !self.goes_on(u64::MAX) {
            return;
        }
        let was_right = self.with(|universe| universe.clock.is_right());
        self.with(Universe::calms_down);
        self.finish();
        self.rest();
        self.with(|universe| universe.ledger.are_locks_lost = false);
        let environment = self.with(|universe| universe.dice.pick(&ENVIRONMENTS));
        if !was_right {
            // A failure from the time when the clock was ahead may look recent to the first caller.
            self.call(Job::Front, environment);
            self.rest();
        }
        loop {
            let end = self.call(Job::Front, environment);
            let Some(slot) = self.unsigned() else {
                self.must_be_fine(end);
                return;
            };
            match end {
                Some(Err(ErrorKind::NeedsLogin)) => {
                    let end = self.call(Job::Login(slot), environment);
                    self.must_be_fine(end);
                    if self.unsigned() == Some(slot) {
                        self.must_be_fine(None);
                    }
                }
                end => {
                    self.must_be_fine(end);
                    return;
                }
            }
            if !self.goes_on(u64::MAX) {
                return;
            }
        }
    }

    /// Lets every cooldown pass.
    fn rest(&self) {
        self.with(|universe| universe.clock.uptime += PAUSE);
    }

    /// Returns the first source that needs a login.
    fn unsigned(&self) -> Option<Slot> {
        self.with(|universe| {
            let profile = universe.profile.clone();
            let mut slots = profile.all().map(|settings| settings.slot);
            slots.find(|slot| !universe.has_sign_in(*slot))
        })
    }

    fn must_be_fine(&self, end: Option<Result<(), ErrorKind>>) {
        if !matches!(end, Some(Ok(()))) {
            self.with(|universe| {
                universe.breaks("a-healthy-source-gives-a-key", format_args!("{end:?}"));
            });
        }
    }

    fn call(&mut self, job: Job, environment: &'static str) -> Option<Result<(), ErrorKind>> {
        self.with(|universe| universe.last_end = None);
        self.scheduler.start(job, environment);
        // The background refresh ends later, and may fail.
        let mut end = None;
        while end.is_none() && !self.scheduler.is_idle() && self.goes_on(u64::MAX) {
            self.step();
            end = self.with(|universe| universe.last_end);
        }
        self.finish();
        end
    }

    /// Runs all processes to their end.
    fn finish(&mut self) {
        let last = self.with(|universe| universe.steps) + PATIENCE;
        while !self.scheduler.is_idle() && self.goes_on(last) {
            self.step();
        }
        if !self.scheduler.is_idle() && self.goes_on(u64::MAX) {
            self.with(|universe| universe.breaks("calls-end", format_args!("somebody does not")));
        }
    }

    fn step(&mut self) {
        if let Some(wake) = self.scheduler.next_wake() {
            self.with(|universe| universe.clock.uptime = universe.clock.uptime.max(wake));
            self.scheduler.step();
        }
    }

    fn ran(mut self, seed: u64) -> Ran {
        let (kills, crashes) = (self.kills, self.crashes);
        // A process that is dropped reports its end to the universe.
        self.scheduler.end_all();
        let mut universe = see(&self.scheduler.universe);
        Ran {
            seed,
            steps: universe.steps,
            attempts: universe.ledger.attempts,
            printed: universe.ledger.printed,
            crashes,
            kills,
            hash: universe.trace.hash(),
            broken: universe.broken.take(),
            last: std::mem::replace(&mut universe.trace, Trace::new(0)).into_last(),
        }
    }
}
