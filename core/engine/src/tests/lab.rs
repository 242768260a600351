//! A virtual world that a test controls.

mod hands;
mod unsealed;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use api_key_helper_backend::{DeviceCode, Prompt, SignInPage};
use api_key_helper_cache::{Demand, Entry, EntryId, Failure, Nonce, Policy, SealingKey};
use api_key_helper_values::{Error, Moment};
use async_trait::async_trait;

use crate::{
    Answer, Call, LoggedIn, OnDisk, Outcome, Source, World, forget, forget_key, get, login, logout,
    on_disk,
};

pub(super) use self::unsealed::Unsealed;

pub(super) const HOUR: Duration = Duration::from_secs(3_600);
const START: Moment = Moment::from_unix_millis(1_800_000_000_000);

/// The virtual world. Events at a certain time are set with [`Lab::at`].
#[derive(Clone, Default)]
pub(super) struct Lab(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    uptime: Duration,
    /// The time by which the wall clock is ahead.
    clock_ahead: Duration,
    files: BTreeMap<String, Vec<u8>>,
    locks: BTreeSet<String>,
    /// The number of noted uses of files.
    noted_uses: usize,
    /// The steps of the disk, in order.
    steps: Vec<String>,
    /// Prefixes of steps that fail.
    broken: Vec<String>,
    sleeps: Vec<Duration>,
    schedule: Vec<(Duration, Happening)>,
    variables: BTreeMap<String, String>,
    older: Vec<SealingKey>,
    log: Vec<String>,
}

type Happening = Box<dyn FnOnce(&Lab) + Send>;

impl Lab {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(super) fn now(&self) -> Moment {
        let state = self.state();
        START.plus(state.uptime).plus(state.clock_ahead)
    }

    /// Advances the time, with all events in it.
    pub(super) fn pass(&self, time: Duration) {
        let end = self.state().uptime + time;
        loop {
            let next = {
                let mut state = self.state();
                let due = state.schedule.iter().position(|(at, _)| *at <= end);
                due.map(|due| state.schedule.remove(due))
            };
            let Some((at, happening)) = next else { break };
            self.state().uptime = at;
            happening(self);
        }
        self.state().uptime = end;
    }

    /// Sets an event at `time` from now.
    pub(super) fn at(&self, time: Duration, happening: impl FnOnce(&Self) + Send + 'static) {
        let at = self.state().uptime + time;
        let mut state = self.state();
        state.schedule.push((at, Box::new(happening)));
        state.schedule.sort_by_key(|(at, _)| *at);
    }

    /// Adds an older sealing key.
    pub(super) fn seal_before(&self, key: &SealingKey) {
        self.state().older.push(key.clone());
    }

    fn older(&self) -> Vec<SealingKey> {
        self.state().older.clone()
    }

    pub(super) fn set_variable(&self, name: &str, value: &str) {
        self.state().variables.insert(name.to_owned(), value.to_owned());
    }

    /// Makes every step of the disk with this prefix fail.
    pub(super) fn break_disk(&self, step: impl Into<String>) {
        self.state().broken.push(step.into());
    }

    pub(super) fn mend_disk(&self) {
        self.state().broken.clear();
    }

    /// Another process takes or releases the source's lock.
    pub(super) fn lock(&self, source: &Source) {
        self.state().locks.insert(source.planned.id.lock_file());
    }

    pub(super) fn unlock(&self, file: &str) {
        self.state().locks.remove(file);
    }

    pub(super) fn is_locked(&self, id: &EntryId) -> bool {
        self.state().locks.contains(&id.lock_file())
    }

    pub(super) fn steps(&self) -> Vec<String> {
        std::mem::take(&mut self.state().steps)
    }

    pub(super) fn noted_uses(&self) -> usize {
        std::mem::take(&mut self.state().noted_uses)
    }

    pub(super) fn sleeps(&self) -> Vec<Duration> {
        std::mem::take(&mut self.state().sleeps)
    }

    pub(super) fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.state().log)
    }

    pub(super) fn files(&self) -> Vec<String> {
        self.state().files.keys().cloned().collect()
    }

    pub(super) fn entry(&self, id: &EntryId) -> Option<Entry> {
        let state = self.state();
        Entry::decode(state.files.get(&id.entry_file(&Unsealed))?, id, &Unsealed)
    }

    pub(super) fn put_entry(&self, id: &EntryId, entry: &Entry) {
        self.put(&id.entry_file(&Unsealed), &entry.encode(id, &Unsealed, Nonce([7; 24])));
    }

    pub(super) fn put(&self, file: &str, content: &[u8]) {
        self.state().files.insert(file.to_owned(), content.to_vec());
    }

    pub(super) fn content(&self, file: &str) -> Vec<u8> {
        self.state().files[file].clone()
    }

    pub(super) fn remove(&self, file: &str) {
        self.state().files.remove(file);
    }

    pub(super) fn failure(&self, id: &EntryId) -> Option<Failure> {
        Failure::decode(self.state().files.get(&id.failure_file())?)
    }

    /// Runs one call to its end.
    pub(super) fn get(&self, sources: &[Source], demand: Demand) -> Outcome {
        self.call(sources, &Policy::default(), Duration::ZERO, demand)
    }

    /// Runs one call with another deadline.
    pub(super) fn get_within(&self, sources: &[Source], deadline: Duration) -> Outcome {
        let (policy, hold, demand) = (Policy::default(), Duration::ZERO, Demand::Printable);
        let call = Call { profile: "work", policy: &policy, hold, deadline, demand, chain: "" };
        self.within(|world| to_its_end(get(world, sources, &call)))
    }

    pub(super) fn call(
        &self,
        sources: &[Source],
        policy: &Policy,
        hold: Duration,
        demand: Demand,
    ) -> Outcome {
        self.call_in_chain(sources, policy, hold, demand, "")
    }

    pub(super) fn call_in_chain(
        &self,
        sources: &[Source],
        policy: &Policy,
        hold: Duration,
        demand: Demand,
        chain: &str,
    ) -> Outcome {
        let deadline = Duration::from_secs(30);
        let call = Call { profile: "work", policy, hold, deadline, demand, chain };
        self.within(|world| to_its_end(get(world, sources, &call)))
    }

    /// The key that a call would be judged by.
    pub(super) fn on_disk(&self, sources: &[Source], policy: &Policy) -> Option<OnDisk> {
        let call = Call {
            profile: "work",
            policy,
            hold: Duration::ZERO,
            deadline: Duration::ZERO,
            demand: Demand::Printable,
            chain: "",
        };
        self.within(|world| to_its_end(on_disk(world, sources, &call))).unwrap()
    }

    pub(super) fn login(&self, source: &Source) -> Result<LoggedIn, Error> {
        self.within(|world| to_its_end(login(world, source, "work", &NoPrompt)))
    }

    pub(super) fn logout(&self, source: &Source) -> Result<Result<(), Error>, Error> {
        self.within(|world| to_its_end(logout(world, source, "work")))
    }

    pub(super) fn forget(&self, source: &Source) {
        self.within(|world| to_its_end(forget(world, &source.planned.id))).unwrap();
    }

    pub(super) fn forget_key(&self, source: &Source) -> Result<(), Error> {
        self.within(|world| to_its_end(forget_key(world, &source.planned.id)))
    }

    fn within<T>(&self, act: impl FnOnce(World<'_>) -> T) -> T {
        let variable = |name: &str| self.state().variables.get(name).map(OsString::from);
        act(World {
            clock: self,
            chance: self,
            disk: self,
            seal: &Unsealed,
            older: &self.older(),
            inputs: self,
            journal: self,
            variable: &variable,
        })
    }

    /// A printed key without warnings.
    pub(super) fn key(&self, sources: &[Source]) -> String {
        let outcome = self.get(sources, Demand::Printable);
        assert_eq!(outcome.warnings, [""; 0]);
        key(outcome)
    }

    pub(super) fn error(&self, sources: &[Source]) -> Error {
        self.get(sources, Demand::Printable).answer.unwrap_err()
    }

    fn step(&self, step: String) -> io::Result<()> {
        let mut state = self.state();
        let is_broken = state.broken.iter().any(|broken| step.starts_with(broken));
        state.steps.push(step);
        if is_broken { Err(io::Error::other("the disk refuses")) } else { Ok(()) }
    }
}

/// Polls to the end: everything waits on the virtual clock only.
fn to_its_end<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("something waits, and not by the clock"),
    }
}

struct NoPrompt;

#[async_trait]
impl Prompt for NoPrompt {
    async fn show(&self, _: &DeviceCode<'_>) {}

    async fn browse(&self, _: &SignInPage<'_>) {}
}

pub(super) fn key(outcome: Outcome) -> String {
    let Answer { key, .. } = outcome.answer.unwrap();
    key.expose().to_owned()
}
