//! Injects every fault at every system call.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::outcome::{judge, judge_leftovers};
use super::{Fault, Fixture, Scenario, Target};
use crate::strace::{self, SystemCall};
use crate::wait::{now, since};

/// The number of runs without a fault, of which the shortest shows the system calls.
const CLEAN_RUNS: usize = 3;
/// The number of tries for a call that is not always made.
const TRIES: usize = 5;
/// Calls whose number depends on the scheduling of threads.
const OF_EVENT_LOOP: [&str; 8] =
    ["epoll_wait", "futex", "read", "recvfrom", "rt_sigreturn", "sched_yield", "waitid", "write"];

/// The counts of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// The name of the scenario.
    pub scenario: &'static str,
    /// The system calls of the first thread after the start of `main`.
    pub calls: usize,
    /// The number of times that each fault hit a call.
    pub hits: BTreeMap<Fault, usize>,
    /// Calls that were not made again: turns of an event loop.
    pub not_made: usize,
}

impl Counts {
    /// Returns the number of faults that hit a call.
    #[must_use]
    pub fn injected(&self) -> usize {
        self.hits.values().sum()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, calls, hits, not_made } = self;
        write!(f, "{scenario}: {calls} calls, {} faults (", self.injected())?;
        for (fault, number) in hits {
            write!(f, "{fault} {number}, ")?;
        }
        write!(f, "not made {not_made})")
    }
}

/// Injects the faults that `faults` selects at each system call of the scenario's first thread
/// after the start of `main`, one at a time, on `threads` threads.
///
/// # Panics
/// A result is wrong; the message lists all of them.
#[must_use]
pub fn sweep(scenario: Scenario, threads: usize, faults: fn(&SystemCall) -> Vec<Fault>) -> Counts {
    let fixture = (scenario.fixture)();
    let clean = (0..CLEAN_RUNS).map(|_| clean_run(&*fixture)).min_by_key(Vec::len);
    drop(fixture);
    let targets = Target::all_of(&clean.expect("a run without a fault"));
    let calls = targets.len();
    let injections = targets.into_iter().flat_map(|target| {
        faults(&target.call).into_iter().map(move |fault| (target.clone(), fault))
    });
    Counts { calls, ..inject_all(scenario, threads, &injections.collect::<Vec<_>>()) }
}

/// Injects each fault at its call.
///
/// # Panics
/// See [`sweep`].
#[must_use]
pub fn inject_all(scenario: Scenario, threads: usize, injections: &[(Target, Fault)]) -> Counts {
    let next = AtomicUsize::new(0);
    let counts = Mutex::new(Counts { scenario: scenario.name, ..Counts::default() });
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let fixture = (scenario.fixture)();
                while let Some((target, fault)) =
                    injections.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let injection =
                        catch_unwind(AssertUnwindSafe(|| inject(&*fixture, target, *fault)));
                    match injection {
                        Ok(is_hit) => {
                            let mut counts = counts.lock().expect("the counts");
                            *counts.hits.entry(*fault).or_default() += usize::from(is_hit);
                            counts.not_made += usize::from(!is_hit);
                        }
                        Err(panic) => {
                            let why = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                            let SystemCall { name, rest } = &target.call;
                            let what = format!("{fault} at {target:?}: {name}({rest}: {why}");
                            wrong.lock().expect("what is wrong").push(what);
                        }
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("what is wrong");
    assert!(wrong.is_empty(), "{}: {} wrong:\n{}", scenario.name, wrong.len(), wrong.join("\n\n"));
    counts.into_inner().expect("the counts")
}

/// Returns the system calls of a run without a fault.
fn clean_run(fixture: &dyn Fixture) -> Vec<SystemCall> {
    fixture.set();
    let (answer, calls) = strace::trace_with(fixture.call(), fixture.home().path(), &[]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    judge_leftovers(fixture, Fault::NONE, "", &answer);
    calls.lines().filter_map(strace::read).collect()
}

/// Injects one fault. Returns false if the call was not made in any of several runs.
fn inject(fixture: &dyn Fixture, target: &Target, fault: Fault) -> bool {
    for _ in 0..TRIES {
        fixture.set();
        let started = now();
        let (answer, trace) =
            strace::trace_with(fixture.call(), fixture.home().path(), &target.options(fault));
        let took = since(started);
        let hits = match fault {
            // Each thread of a killed process reports it.
            Fault::Kill => usize::from(trace.contains("+++ killed by SIGKILL +++")),
            Fault::Error(_) => trace.matches("(INJECTED)").count(),
        };
        assert!(hits < 2, "more than one call was hit: {trace}");
        judge(fixture, fault, &answer, took);
        judge_leftovers(fixture, fault, &target.call.name, &answer);
        fixture.check_next();
        if hits == 1 {
            return true;
        }
    }
    let name = &*target.call.name;
    assert!(OF_EVENT_LOOP.contains(&name), "`{name}` was not made again, and not hit");
    false
}
