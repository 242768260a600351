//! One attempt of a source, and what survives it.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, ready};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::cache::{self, ROOM, replace};
use super::resolver::{Resolver, TimeLeft};
use super::world::{Draft, World};
use super::{Demand, Source};
use crate::{
    Attempt, Credential, Entry, EnvironmentMark, Error, FetchRequest, Key, KeyId, Moment, Secret,
    SecretInput, Validity,
};

/// A source's entry while its lock is held: what is on disk, and what the attempts make of it.
pub(super) struct Held<'a> {
    world: World<'a>,
    source: &'a Source,
    pub(super) inputs: Resolver<'a>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entry: Option<Entry>,
    /// The renewal that we know to be on the disk: an older one than the entry's, where the disk has
    /// refused that.
    on_disk: Option<Secret>,
    /// Room on the disk, set apart before a server was asked for anything.
    draft: Option<Box<dyn Draft>>,
    /// Whether a renewal is being written: time-outs wait for that.
    keeping: bool,
}

impl<'a> Held<'a> {
    pub(super) fn new(
        world: World<'a>,
        source: &'a Source,
        inputs: Resolver<'a>,
        entry: Option<Entry>,
    ) -> Self {
        let on_disk = entry.as_ref().and_then(|entry| entry.renewal.clone());
        let state = State { entry, on_disk, ..State::default() };
        Self { world, source, inputs, state: Mutex::new(state) }
    }

    pub(super) fn entry(&self) -> Option<Entry> {
        self.state().entry.clone()
    }

    /// The key that the source gives since then.
    pub(super) fn key_id(&self, since: Moment) -> KeyId {
        KeyId { source: self.source.planned.id.fingerprint, since }
    }

    /// `error` without the secrets of the entry and the inputs: a backend may quote what somebody else
    /// says of them.
    pub(super) fn redact(&self, error: Error) -> Error {
        let error = self.inputs.redact(error);
        let Some(entry) = self.entry() else { return error };
        let secrets = entry.key.map(Key::into_secret).into_iter().chain(entry.renewal);
        secrets.fold(error, |error, secret| error.without(&secret))
    }

    /// Asks the source once, for at most `timeout`, for a key that meets `demand`. The time of other
    /// sources that it uses is not counted, but at `latest`, by the uptime, it is over.
    pub(super) async fn ask(
        &self,
        timeout: Duration,
        latest: Duration,
        demand: Demand,
    ) -> Result<Credential, Error> {
        // Without room the answer is still worth having; who depends on it asks `make_room`.
        let _ = self.set_room_apart().await;
        let attempt = CurrentAttempt { latest, ..self.attempt(timeout, demand) };
        let renewal = self.entry().and_then(|entry| entry.renewal);
        let request = FetchRequest::new(renewal.as_ref(), &attempt);
        attempt.within_its_time(self.source.backend.fetch(&request)).await
    }

    /// Gives the credential back, for at most `timeout`.
    pub(super) async fn revoke(&self, timeout: Duration) -> Result<(), Error> {
        let attempt = self.attempt(timeout, Demand::Printable);
        let renewal = self.entry().and_then(|entry| entry.renewal);
        let request = FetchRequest::new(renewal.as_ref(), &attempt);
        attempt.within_its_time(self.source.backend.revoke(&request)).await
    }

    /// Asks what time it is, for at most `timeout`.
    pub(super) async fn server_time(&self, timeout: Duration) -> Result<Option<SystemTime>, Error> {
        let attempt = self.attempt(timeout, Demand::Printable);
        let request = FetchRequest::new(None, &attempt);
        attempt.within_its_time(self.source.backend.server_time(&request)).await
    }

    fn attempt(&self, timeout: Duration, demand: Demand) -> CurrentAttempt<'_> {
        let ends_at = self.world.clock.uptime().saturating_add(timeout);
        CurrentAttempt { held: self, timeout, ends_at, latest: ends_at, demand }
    }

    fn timed_out(&self, timeout: Duration) -> Error {
        let source = &self.source.planned.id.source;
        Error::transient(format!("source `{source}` did not answer within {timeout:.1?}"))
            .with_hint(format!("if it is slow by nature, raise `timeout` in `[source.{source}]`"))
    }

    /// Saves what a fetch brought. Where the disk refuses it, the next attempt works with it all the
    /// same: the renewal before it is spent, and to send it again can end the login.
    pub(super) async fn save(&self, entry: Entry) -> io::Result<()> {
        let draft = {
            let mut state = self.state();
            state.entry = Some(entry.clone());
            state.draft.take()
        };
        let nonce = self.world.chance.nonce()?;
        let content = entry.encode(&self.source.planned.id, self.world.seal, nonce);
        let file = self.source.planned.id.entry_file(self.world.seal);
        replace(self.world.disk, draft, &file, &content).await?;
        self.state().on_disk = entry.renewal;
        Ok(())
    }

    /// The mark of the present environment.
    pub(super) fn environment(&self) -> EnvironmentMark {
        let salt = self.world.chance.salt();
        EnvironmentMark::new(salt, &self.source.planned.variables, self.world.variable)
    }

    async fn set_room_apart(&self) -> io::Result<()> {
        if self.state().draft.is_none() {
            let draft = self.world.disk.draft(ROOM).await?;
            self.state().draft = Some(draft);
        }
        Ok(())
    }

    pub(super) async fn keep(&self, renewal: &Secret) -> io::Result<()> {
        let entry = match self.entry() {
            Some(entry) => Entry { renewal: Some(renewal.clone()), ..entry },
            None => Entry {
                key: None,
                key_since: self.world.clock.now(),
                refetched_at: None,
                validity: Validity {
                    fetched_at: self.world.clock.now(),
                    expires_at: None,
                    refresh_at: None,
                    jitter: 0.0,
                },
                renewal: Some(renewal.clone()),
                environment: self.environment(),
            },
        };
        self.save(entry).await
    }

    /// The renewal on the disk, when it is not the one that we hold. Our lock should forbid that; but
    /// not every network's file system keeps its locks.
    async fn newer_renewal(&self) -> Result<Option<Secret>, Error> {
        // What cannot be read now is not newer.
        let found = cache::load(&self.world, &self.source.planned, &mut Vec::new()).await?.entry;
        let renewal = found.as_ref().and_then(|entry| entry.renewal.clone());
        let mut state = self.state();
        let held = state.entry.as_ref().and_then(|entry| entry.renewal.as_ref());
        if renewal.is_none() || renewal.as_ref() == held || renewal == state.on_disk {
            return Ok(None);
        }
        state.on_disk.clone_from(&renewal);
        state.entry = found;
        Ok(renewal)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("source", &self.source.planned).finish_non_exhaustive()
    }
}

/// The engine's side of one [`FetchRequest`].
#[derive(Debug)]
struct CurrentAttempt<'a> {
    held: &'a Held<'a>,
    timeout: Duration,
    /// When its time is over, by the uptime, if it does not wait for other sources.
    ends_at: Duration,
    /// When it is over, even if it does.
    latest: Duration,
    demand: Demand,
}

impl CurrentAttempt<'_> {
    /// Waits for `work` until its time is over, and longer only while a renewal is written: this
    /// source's own, or perhaps that of another one that it waits for.
    async fn within_its_time<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut work = pin!(work);
        let mut alarm = None;
        let outcome = poll_fn(|context| {
            if let Poll::Ready(answer) = work.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            while !self.held.state().keeping && !self.held.inputs.is_waiting() {
                let time_left = self.time_left();
                if time_left.is_zero() {
                    return Poll::Ready(Err(self.held.timed_out(self.timeout)));
                }
                let ringing =
                    alarm.get_or_insert_with(|| self.held.world.clock.sleep(time_left)).as_mut();
                ready!(ringing.poll(context));
                // Other sources may have lengthened the time meanwhile.
                alarm = None;
            }
            Poll::Pending
        });
        outcome.await.map_err(|error| self.held.redact(error))
    }

    fn time_left_to_resolve(&self) -> TimeLeft {
        let source = self.latest.saturating_sub(self.held.world.clock.uptime());
        TimeLeft { attempt: self.time_left(), source }
    }
}

#[async_trait]
impl Attempt for CurrentAttempt<'_> {
    fn now(&self) -> SystemTime {
        self.held.world.clock.now().into()
    }

    fn time_left(&self) -> Duration {
        let ends_at = self.ends_at.saturating_add(self.held.inputs.waited()).min(self.latest);
        ends_at.saturating_sub(self.held.world.clock.uptime())
    }

    fn chain(&self) -> &str {
        self.held.inputs.chain()
    }

    fn wants_another_key(&self) -> bool {
        matches!(self.demand, Demand::Another(_) | Demand::FetchedSince(_) | Demand::Unspent(_))
    }

    async fn keep(&self, renewal: &Secret) -> Result<(), Error> {
        self.held.state().keeping = true;
        let kept = self.held.keep(renewal).await;
        self.held.state().keeping = false;
        kept.map_err(|error| {
            Error::transient(format!("cannot keep what renews the key: {error}"))
                .with_hint("make room in the state folder, see `api-key-helper doctor`")
        })
    }

    async fn make_room(&self) -> Result<(), Error> {
        self.held.set_room_apart().await.map_err(|error| {
            Error::transient(format!("no room in the state folder for a new renewal: {error}"))
                .with_hint("make room there, see `api-key-helper doctor`")
        })
    }

    async fn newer_renewal(&self) -> Result<Option<Secret>, Error> {
        self.held.newer_renewal().await
    }

    async fn resolve(&self, input: &SecretInput) -> Result<Secret, Error> {
        self.held.inputs.resolve(input, self.time_left_to_resolve()).await
    }

    async fn resolve_anew(&self, input: &SecretInput, spent: &Secret) -> Result<Secret, Error> {
        self.held.inputs.resolve_anew(input, spent, self.time_left_to_resolve()).await
    }
}
