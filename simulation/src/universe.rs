//! Everything that there is, and what is known of each process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use api_key_helper_cache::Demand;
use api_key_helper_values::{ErrorKind, Moment};

use crate::chance::Dice;
use crate::clock::Clock;
use crate::disk::Disk;
use crate::disk_weather::DiskWeather;
use crate::invariants::{Broken, Ledger, Remembered};
use crate::issuer::Issuer;
use crate::profile::{Profile, Slot};
use crate::renewal::Renewal;
use crate::scenario::{Locks, Scenario, issuers};
use crate::trace::Trace;

/// A process's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pid(pub(crate) u64);

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.0)
    }
}

/// What a process is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Prints a key that may be printed, or becomes a worker.
    Front,
    /// Asks for a new key.
    Refresh,
    /// Asks for another key than the one that was printed last, for the API refuses that one.
    Another,
    /// Refreshes behind an answer.
    Behind,
    Login(Slot),
    Logout(Slot),
}

#[derive(Debug)]
pub(crate) struct Universe {
    pub(crate) dice: Dice,
    pub(crate) trace: Trace,
    pub(crate) scenario: Scenario,
    /// How many steps were taken.
    pub(crate) steps: u64,
    pub(crate) clock: Clock,
    pub(crate) disk: Disk,
    pub(crate) disk_weather: DiskWeather,
    pub(crate) locks: Locks,
    pub(crate) issuers: Vec<Issuer>,
    /// What the configuration says now.
    pub(crate) profile: Arc<Profile>,
    pub(crate) processes: BTreeMap<Pid, Status>,
    /// Processes that somebody has just started.
    pub(crate) starting: Vec<(Job, &'static str)>,
    /// When the process that is running wants to run again.
    pub(crate) wake: Option<Duration>,
    /// How the last call that ended did.
    pub(crate) last_end: Option<Result<(), ErrorKind>>,
    pub(crate) ledger: Ledger,
    pub(crate) broken: Option<Broken>,
}

/// What is known of a process.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) profile: Arc<Profile>,
    pub(crate) environment: &'static str,
    /// The step at which it started.
    pub(crate) started: u64,
    /// The clock's jumps until then.
    pub(crate) jumps: u32,
    /// What the wall clock said when it last looked, and when that was.
    pub(crate) looked: Moment,
    pub(crate) looked_at: Duration,
    /// The time that it has waited for the disk since.
    pub(crate) disk_time_since_look: Duration,
    /// The time that it has waited for the disk.
    pub(crate) disk_time: Duration,
    /// How often the disk refused it something.
    pub(crate) refusals: u32,
    /// Its call of the engine.
    pub(crate) demand: Option<Demand>,
    pub(crate) deadline: Duration,
    /// When that is over: it counts from the first lock, for what is there needs none.
    pub(crate) ends_at: Option<Duration>,
    /// The steps of the disk that it has begun since then.
    pub(crate) late_steps: usize,
    /// What it asked for, by source.
    pub(crate) asked: BTreeMap<Slot, Asked>,
}

/// How a process fared with a source.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) attempts: u32,
    /// What it took for the time before the last one.
    pub(crate) asked_at: Option<Moment>,
    /// The number of its last fetch among all of that source.
    pub(crate) fetch: u64,
    /// Whether it must have known that the source fails.
    pub(crate) is_known_to_fail: bool,
    /// The failure that was remembered before.
    pub(crate) before: Option<Remembered>,
    /// What the last attempt failed of.
    pub(crate) failed: Option<Failed>,
    /// The refusal that was put to the test by another key of the source that it uses.
    pub(crate) refusal: Option<Failed>,
    /// How many keys there were for that test.
    pub(crate) tests: u32,
    /// The key that it was given.
    pub(crate) key: Option<usize>,
    /// The newest renewal that it was given.
    pub(crate) renewal: Option<Renewal>,
    /// The newest that it was promised to be durable.
    pub(crate) kept: Option<Renewal>,
}

impl Asked {
    /// What the source failed of: a refusal that could not be put to the test counts.
    pub(crate) fn final_failure(&self) -> Option<Failed> {
        let failed = self.failed?;
        Some(self.refusal.filter(|_| failed.kind == ErrorKind::Transient).unwrap_or(failed))
    }
}

/// A failed attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed {
    pub(crate) kind: ErrorKind,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) at: Duration,
}

impl Universe {
    pub(crate) fn new(seed: u64, events_kept: usize) -> Self {
        let mut dice = Dice::new(seed);
        let scenario = Scenario::draw(&mut dice);
        let issuers = issuers(&mut dice);
        let profile = Profile::draw(0, &issuers, &mut dice);
        let locks = scenario.locks;
        let mut universe = Self {
            dice,
            trace: Trace::new(events_kept),
            scenario,
            steps: 0,
            clock: Clock::default(),
            disk: Disk::default(),
            disk_weather: DiskWeather::Fine,
            locks,
            issuers,
            profile,
            processes: BTreeMap::new(),
            starting: Vec::new(),
            wake: None,
            last_end: None,
            ledger: Ledger::default(),
            broken: None,
        };
        universe.tell("world", format_args!("{:?}", universe.scenario.clone()));
        universe.tell("world", format_args!("{:?}", universe.profile.clone()));
        universe
    }

    pub(crate) fn tell(&mut self, who: &str, what: fmt::Arguments<'_>) {
        self.trace.tell(self.clock.uptime, who, what);
    }

    /// Says that an invariant does not hold. The first one counts.
    pub(crate) fn breaks(&mut self, invariant: &'static str, how: fmt::Arguments<'_>) {
        self.tell("broken", format_args!("{invariant}: {how}"));
        if self.broken.is_none() {
            self.broken = Some(Broken { invariant, how: how.to_string() });
        }
    }

    pub(crate) fn enter(&mut self, pid: Pid, environment: &'static str) {
        let status = Status {
            profile: self.profile.clone(),
            environment,
            started: self.steps,
            jumps: self.clock.jumps,
            looked: self.clock.wall(),
            looked_at: self.clock.uptime,
            disk_time_since_look: Duration::ZERO,
            disk_time: Duration::ZERO,
            refusals: 0,
            demand: None,
            deadline: Duration::MAX,
            ends_at: None,
            late_steps: 0,
            asked: BTreeMap::new(),
        };
        self.processes.insert(pid, status);
    }

    /// Lets `alarm` be among the times at which the running process wants to run again.
    pub(crate) fn wake_at(&mut self, alarm: Duration) {
        self.wake = Some(self.wake.map_or(alarm, |wake| wake.min(alarm)));
    }
}
