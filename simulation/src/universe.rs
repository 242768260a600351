//! The state of the virtual world, and of each process.

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

/// The number of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pid(pub(crate) u64);

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.0)
    }
}

/// The task of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Print a key that may be printed, or become a worker.
    Front,
    /// Fetch a new key.
    Refresh,
    /// Get another key than the one that was printed last, because the API refuses that one.
    Another,
    /// Refresh in the background, after an answer.
    Behind,
    Login(Slot),
    Logout(Slot),
}

#[derive(Debug)]
pub(crate) struct Universe {
    pub(crate) dice: Dice,
    pub(crate) trace: Trace,
    pub(crate) scenario: Scenario,
    /// The number of steps.
    pub(crate) steps: u64,
    pub(crate) clock: Clock,
    pub(crate) disk: Disk,
    pub(crate) disk_weather: DiskWeather,
    pub(crate) locks: Locks,
    pub(crate) issuers: Vec<Issuer>,
    /// The current configuration.
    pub(crate) profile: Arc<Profile>,
    pub(crate) processes: BTreeMap<Pid, Status>,
    /// The processes that are about to start.
    pub(crate) starting: Vec<(Job, &'static str)>,
    /// The time at which the running process wants to continue.
    pub(crate) wake: Option<Duration>,
    /// The result of the last call that ended.
    pub(crate) last_end: Option<Result<(), ErrorKind>>,
    pub(crate) ledger: Ledger,
    pub(crate) broken: Option<Broken>,
}

/// The state of a process.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) profile: Arc<Profile>,
    pub(crate) environment: &'static str,
    /// The step at which it started.
    pub(crate) started: u64,
    /// The number of clock jumps until then.
    pub(crate) jumps: u32,
    /// The wall clock when the process last read it, and the uptime at that moment.
    pub(crate) looked: Moment,
    pub(crate) looked_at: Duration,
    /// The time that it has waited for the disk since then.
    pub(crate) disk_time_since_look: Duration,
    /// The time that it has waited for the disk.
    pub(crate) disk_time: Duration,
    /// The number of failed disk steps.
    pub(crate) refusals: u32,
    /// Its call of the engine.
    pub(crate) demand: Option<Demand>,
    pub(crate) deadline: Duration,
    /// The end of the deadline, which counts from the first lock: a hit takes none.
    pub(crate) ends_at: Option<Duration>,
    /// The number of disk steps that it has begun since then.
    pub(crate) late_steps: usize,
    /// Its requests, by source.
    pub(crate) asked: BTreeMap<Slot, Asked>,
}

/// The requests of a process to a source.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) attempts: u32,
    /// The wall clock before the last request.
    pub(crate) asked_at: Option<Moment>,
    /// The number of its last fetch among all fetches of that source.
    pub(crate) fetch: u64,
    /// It must have known that the source fails.
    pub(crate) is_known_to_fail: bool,
    /// The failure that was saved before.
    pub(crate) before: Option<Remembered>,
    /// The failure of the last attempt.
    pub(crate) failed: Option<Failed>,
    /// The refusal that was tested with another key of the used source.
    pub(crate) refusal: Option<Failed>,
    /// The number of keys for that test.
    pub(crate) tests: u32,
    /// The key that it received.
    pub(crate) key: Option<usize>,
    /// The newest renewal that it received.
    pub(crate) renewal: Option<Renewal>,
    /// The newest renewal that was reported as durable.
    pub(crate) kept: Option<Renewal>,
}

impl Asked {
    /// Returns the failure of the source. A refusal that could not be tested counts.
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

    /// Records that an invariant does not hold. Only the first one is kept.
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

    /// Adds `alarm` to the times at which the running process wants to continue.
    pub(crate) fn wake_at(&mut self, alarm: Duration) {
        self.wake = Some(self.wake.map_or(alarm, |wake| wake.min(alarm)));
    }
}
