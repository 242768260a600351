//! A machine with its helper: the world of one engine.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use api_key_helper_backend::SecretInput;
use api_key_helper_cache::{
    Demand, Entry, EntryId, EnvironmentMark, Hit, Lookup, Nonce, PlannedSource, Policy, Validity,
    look,
};
use api_key_helper_core::{Call, Chance, Clock, Event, Inputs, Journal, Outcome, World, get};
use api_key_helper_values::{Error, Fingerprint, Key, Moment, Secret};
use async_trait::async_trait;

use super::morning::MIDNIGHT;
use super::person::{HOLD, Person};
use super::source::{DEADLINE, source};
use super::tally::{Had, Tally};
use super::vault::Vault;
use crate::chance::Dice;
use crate::seal::Checked;

/// The state of the whole simulation.
#[derive(Debug)]
pub(super) struct Site {
    /// The time since midnight.
    pub(super) now: Duration,
    /// The time at which the running worker wants to continue.
    pub(super) wake: Option<Duration>,
    pub(super) vault: Vault,
    pub(super) tally: Tally,
    pub(super) desks: Vec<Desk>,
}

/// The disk of a machine, and its user.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) person: Person,
    dice: Dice,
    /// The state folder: the files of the one source, in the order of [`Settings::files`].
    pub(super) files: [Option<Vec<u8>>; 2],
}

/// The settings of every helper.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) policy: Policy,
    pub(super) planned: PlannedSource,
    /// The names of the entry file and of the failure file.
    pub(super) files: [String; 2],
}

/// The access of one helper to the simulation.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) site: Arc<Mutex<Site>>,
    pub(super) settings: Arc<Settings>,
    pub(super) index: usize,
}

impl Settings {
    pub(super) fn new(policy: Policy) -> Self {
        let id =
            EntryId { source: "vault".to_owned(), fingerprint: Fingerprint::of([&b"fleet"[..]]) };
        let files = [id.entry_file(&Checked), id.failure_file()];
        Self { policy, planned: PlannedSource { id, variables: Vec::new() }, files }
    }

    /// Returns the entry of a key that was fetched at `fetched_at`.
    pub(super) fn entry(&self, key: Key, fetched_at: Moment) -> Vec<u8> {
        let entry = Entry {
            key: Some(key),
            key_since: fetched_at,
            refetched_at: None,
            validity: Validity { fetched_at, expires_at: None, refresh_at: None, jitter: 0.0 },
            renewal: None,
            environment: EnvironmentMark::new([0; 16], &[], &|_| None),
        };
        entry.encode(&self.planned.id, &Checked, NONCE)
    }
}

impl Desk {
    pub(super) fn new(person: Person, dice: Dice, entry: Option<Vec<u8>>) -> Self {
        Self { person, dice, files: [entry, None] }
    }
}

impl Machine {
    pub(super) fn see(&self) -> MutexGuard<'_, Site> {
        see(&self.site)
    }

    /// Returns the hit that the front finds.
    pub(super) fn look(&self) -> Option<Hit> {
        let site = self.see();
        let lookup = Lookup {
            policy: &self.settings.policy,
            hold: HOLD,
            now: MIDNIGHT.plus(site.now),
            seal: &Checked,
            variable: &|_| None,
        };
        let files = &site.desks[self.index].files;
        look([self.settings.planned.clone()], &lookup, |file| {
            let slot = self.slot(file).ok_or(())?;
            Ok::<_, ()>(files[slot].as_deref())
        })
    }

    /// Runs a call of the worker.
    pub(super) async fn work(self, demand: Demand) -> Outcome {
        let call = Call {
            profile: "fleet",
            policy: &self.settings.policy,
            hold: HOLD,
            deadline: DEADLINE,
            demand,
            chain: "",
        };
        let world = World {
            clock: &self,
            chance: &self,
            disk: &self,
            seal: &Checked,
            older: &[],
            inputs: &self,
            journal: &self,
            variable: &|_| None,
        };
        get(world, &[source(&self)], &call).await
    }

    /// Returns the kind of key that a caller finds now.
    pub(super) fn has(&self) -> Had {
        use api_key_helper_cache::Freshness::{Due, Expired, Fresh, Stale};

        let site = self.see();
        let bytes = site.desks[self.index].files[0].as_deref();
        let entry =
            bytes.and_then(|bytes| Entry::decode(bytes, &self.settings.planned.id, &Checked));
        let Some(entry) = entry.filter(|entry| entry.key.is_some()) else { return Had::Nothing };
        match self.settings.policy.judge(&entry.validity, HOLD, MIDNIGHT.plus(site.now)) {
            Fresh | Due => Had::Valid,
            Stale => Had::Stale,
            Expired => Had::Nothing,
        }
    }

    /// Waits until `time` has passed.
    pub(super) fn wait(&self, time: Duration) -> Wait<'_> {
        Wait { machine: self, time, until: None }
    }

    /// Returns a uniform random number from 0 to 1.
    pub(super) fn chance(&self) -> f64 {
        self.see().desks[self.index].dice.even()
    }
}

pub(super) fn see(site: &Mutex<Site>) -> MutexGuard<'_, Site> {
    site.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Completes when the time has passed.
pub(super) struct Wait<'a> {
    machine: &'a Machine,
    time: Duration,
    until: Option<Duration>,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let mut site = self.machine.see();
        let until = self.until.unwrap_or(site.now + self.time);
        if until <= site.now {
            return Poll::Ready(());
        }
        site.wake = Some(site.wake.map_or(until, |wake| wake.min(until)));
        drop(site);
        self.until = Some(until);
        Poll::Pending
    }
}

#[async_trait]
impl Clock for Machine {
    fn now(&self) -> Moment {
        MIDNIGHT.plus(self.see().now)
    }

    fn uptime(&self) -> Duration {
        self.see().now
    }

    async fn sleep(&self, duration: Duration) {
        self.wait(duration).await;
    }
}

impl Chance for Machine {
    fn unit(&self) -> f64 {
        self.chance()
    }

    fn salt(&self) -> [u8; 16] {
        [0; 16]
    }

    fn nonce(&self) -> io::Result<Nonce> {
        Ok(NONCE)
    }
}

/// The seal of this simulation uses no nonce.
const NONCE: Nonce = Nonce([0; 24]);

impl Journal for Machine {
    fn record(&self, _: &Event<'_>) {}
}

#[async_trait]
impl Inputs for Machine {
    async fn resolve(&self, _: &SecretInput, _: &str, _: Duration) -> Result<Secret, Error> {
        Err(Error::misconfigured("the fleet's source has no secret input"))
    }
}
