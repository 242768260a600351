//! The universe as one process sees it: the world of its engine.

use std::ffi::OsString;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use api_key_helper_backend::SecretInput;
use api_key_helper_cache::Nonce;
use api_key_helper_core::{Chance, Clock, Event, Inputs, Journal, World};
use api_key_helper_values::{Error, Moment, Secret};
use async_trait::async_trait;

use crate::profile::VARIABLE;
use crate::seal::Checked;
use crate::universe::{Pid, Status, Universe};

/// The access of one process to the universe.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) universe: Arc<Mutex<Universe>>,
    pub(crate) pid: Pid,
    pub(crate) environment: &'static str,
}

impl Process {
    pub(crate) fn see(&self) -> MutexGuard<'_, Universe> {
        see(&self.universe)
    }

    /// Calls `act` with the status of this process.
    pub(crate) fn with_status<T>(&self, act: impl FnOnce(&mut Status) -> T) -> Option<T> {
        self.see().processes.get_mut(&self.pid).map(act)
    }

    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        (name == VARIABLE).then(|| self.environment.into())
    }

    pub(crate) fn world<'w>(
        &'w self,
        variable: &'w (dyn Fn(&str) -> Option<OsString> + Send + Sync),
    ) -> World<'w> {
        World {
            clock: self,
            chance: self,
            disk: self,
            seal: &Checked,
            // The cache encryption key never changes.
            older: &[],
            inputs: self,
            journal: self,
            variable,
        }
    }

    /// Waits until `time` has passed, and lets other processes run in any case.
    pub(crate) fn wait(&self, time: Duration) -> Wait<'_> {
        Wait { process: self, time, until: None }
    }
}

pub(crate) fn see(universe: &Mutex<Universe>) -> MutexGuard<'_, Universe> {
    universe.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A point at which other processes may run, and this one may end.
pub(crate) struct Wait<'a> {
    process: &'a Process,
    time: Duration,
    until: Option<Duration>,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let mut universe = self.process.see();
        let now = universe.clock.uptime;
        let until = self.until.unwrap_or(now + self.time);
        if self.until.is_some() && until <= now {
            return Poll::Ready(());
        }
        universe.wake_at(until);
        drop(universe);
        self.until = Some(until);
        Poll::Pending
    }
}

#[async_trait]
impl Clock for Process {
    fn now(&self) -> Moment {
        let mut universe = self.see();
        let (wall, uptime) = (universe.clock.wall(), universe.clock.uptime);
        if let Some(status) = universe.processes.get_mut(&self.pid) {
            (status.looked, status.looked_at) = (wall, uptime);
            status.disk_time_since_look = Duration::ZERO;
        }
        wall
    }

    fn uptime(&self) -> Duration {
        self.see().clock.uptime
    }

    async fn sleep(&self, duration: Duration) {
        self.wait(duration).await;
    }
}

impl Chance for Process {
    fn unit(&self) -> f64 {
        self.see().dice.unit()
    }

    fn salt(&self) -> [u8; 16] {
        let mut universe = self.see();
        std::array::from_fn(|_| universe.dice.pick(&[0, 1, 0xff]))
    }

    fn nonce(&self) -> io::Result<Nonce> {
        // The seal of this simulation uses no nonce.
        Ok(Nonce([0; 24]))
    }
}

impl Journal for Process {
    fn record(&self, _: &Event<'_>) {}
}

#[async_trait]
impl Inputs for Process {
    async fn resolve(&self, _: &SecretInput, _: &str, _: Duration) -> Result<Secret, Error> {
        Err(Error::misconfigured("all inputs of this world are keys of other sources"))
    }
}
