//! The scheduler. A step is one poll of one process, between two of its waits.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use crate::callers;
use crate::process::{Process, see};
use crate::universe::{Job, Pid, Universe};

/// The processes of a universe.
pub(crate) struct Scheduler {
    pub(crate) universe: Arc<Mutex<Universe>>,
    running: Vec<Running>,
    next_pid: u64,
}

struct Running {
    pid: Pid,
    wake: Duration,
    work: Pin<Box<dyn Future<Output = ()>>>,
}

impl Scheduler {
    pub(crate) fn new(universe: Universe) -> Self {
        Self { universe: Arc::new(Mutex::new(universe)), running: Vec::new(), next_pid: 0 }
    }

    pub(crate) const fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Returns the time at which the next process can run.
    pub(crate) fn next_wake(&self) -> Option<Duration> {
        self.running.iter().map(|running| running.wake).min()
    }

    pub(crate) fn start(&mut self, job: Job, environment: &'static str) {
        self.next_pid += 1;
        let pid = Pid(self.next_pid);
        let universe = self.universe.clone();
        let wake = {
            let mut universe = see(&universe);
            universe.enter(pid, environment);
            universe.tell(&pid.to_string(), format_args!("starts in {environment}: {job:?}"));
            universe.clock.uptime
        };
        let work = Box::pin(callers::run(Process { universe, pid, environment }, job));
        self.running.push(Running { pid, wake, work });
    }

    /// Starts the processes that were requested since the last step.
    pub(crate) fn start_all(&mut self) {
        let starting = std::mem::take(&mut see(&self.universe).starting);
        for (job, environment) in starting {
            self.start(job, environment);
        }
    }

    /// Takes a step of a random process that can run.
    pub(crate) fn step(&mut self) {
        let chosen = {
            let mut universe = see(&self.universe);
            let now = universe.clock.uptime;
            let ready: Vec<usize> =
                (0..self.running.len()).filter(|index| self.running[*index].wake <= now).collect();
            if ready.is_empty() {
                return;
            }
            universe.steps += 1;
            universe.wake = None;
            universe.dice.pick(&ready)
        };
        let running = &mut self.running[chosen];
        let is_over =
            running.work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        let wake = see(&self.universe).wake;
        if is_over {
            self.end(chosen);
        } else if let Some(wake) = wake {
            running.wake = wake;
        } else {
            let pid = running.pid;
            see(&self.universe).breaks("calls-end", format_args!("{pid} waits for nothing"));
        }
        self.start_all();
    }

    /// Kills a random process.
    pub(crate) fn kill(&mut self) {
        if self.running.is_empty() {
            return;
        }
        let chosen = see(&self.universe).dice.index(self.running.len());
        let pid = self.running[chosen].pid;
        see(&self.universe).tell(&pid.to_string(), format_args!("is killed"));
        self.end(chosen);
    }

    /// Ends all processes by a power failure.
    pub(crate) fn crash(&mut self) {
        self.end_all();
        see(&self.universe).crash();
    }

    pub(crate) fn end_all(&mut self) {
        while !self.running.is_empty() {
            self.end(0);
        }
    }

    fn end(&mut self, index: usize) {
        // Its locks are released on drop, so the universe must be unlocked.
        let Running { pid, work, .. } = self.running.remove(index);
        drop(work);
        see(&self.universe).processes.remove(&pid);
    }
}
