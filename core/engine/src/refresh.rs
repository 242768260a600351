//! One source's part of a call: waits for its lock, asks it, and saves the answer.

use std::io;
use std::time::Duration;

use api_key_helper_backend::Credential;
use api_key_helper_cache::{Demand, Entry, Failure};
use api_key_helper_values::{Error, ErrorKind, Moment};

use super::cache::{self, Cached};
use super::call::Call;
use super::fetched::Fetched;
use super::held::Held;
use super::known::Known;
use super::remembered::Remembered;
use super::resolver::{InnerKeys, Resolver};
use super::source::Source;
use super::world::{Event, Lock, World};
use super::{attempt, backoff};

/// The waits between two looks at lock and entry, in milliseconds. They are short at first, because
/// most sources are fast.
const POLLS: [u64; 5] = [2, 5, 10, 20, 40];

/// The smallest part of its time with which an attempt is started, as a divisor. Backends reserve
/// as much for reporting their own error.
const SHORTEST_ATTEMPT: u32 = 10;

/// A source during its turn.
pub(super) struct Refresh<'a> {
    world: World<'a>,
    source: &'a Source,
    call: Call<'a>,
    remembered: &'a Remembered,
    inner_keys: &'a dyn InnerKeys,
    /// The source's share of the call's time.
    share: Duration,
    /// The uptime at which the share ends.
    ends_at: Duration,
    /// Set if other sources are left to ask after a failure.
    has_next: bool,
    /// `None` before the first look at the disk.
    lock: Option<LockState>,
    /// The number of waits for another process.
    polls: usize,
}

enum LockState {
    Busy,
    Held(Box<dyn Lock>),
    Unavailable(io::Error),
}

impl<'a> Refresh<'a> {
    pub(super) fn new(
        world: World<'a>,
        source: &'a Source,
        call: &Call<'a>,
        remembered: &'a Remembered,
        share: Duration,
        inner_keys: &'a dyn InnerKeys,
    ) -> Self {
        let (call, ends_at) = (call.on(source), world.clock.uptime().saturating_add(share));
        let (has_next, lock, polls) = (false, None, 0);
        Self { world, source, call, remembered, inner_keys, share, ends_at, has_next, lock, polls }
    }

    /// Sets the number of sources after this one.
    pub(super) fn followed_by(self, count: u32) -> Self {
        Self { has_next: count > 0, ..self }
    }

    /// Makes one step and records its result in `known`: looks at the disk under the lock, waits
    /// for the process that holds it, or asks the source. Returns the moment of the result.
    pub(super) async fn advance(
        &mut self,
        known: &mut Known,
        warnings: &mut Vec<String>,
    ) -> Moment {
        match self.step(known, warnings).await {
            Ok(at) => at,
            Err(error) => {
                known.outcome = Some(Err(error));
                self.world.clock.now()
            }
        }
    }

    async fn step(
        &mut self,
        known: &mut Known,
        warnings: &mut Vec<String>,
    ) -> Result<Moment, Error> {
        match self.lock.take() {
            None => {
                self.refuse_recursion()?;
                self.look(known, warnings).await
            }
            Some(LockState::Busy) => {
                self.wait().await?;
                self.look(known, warnings).await
            }
            Some(LockState::Held(lock)) => {
                let replaced = self.replace(known, None, warnings).await;
                drop(lock);
                replaced
            }
            Some(LockState::Unavailable(error)) => {
                self.go_without_lock(known, &error)?;
                self.replace(known, Some(&error), warnings).await
            }
        }
    }

    /// Looks at the state on disk, under the lock if it is free.
    async fn look(
        &mut self,
        known: &mut Known,
        warnings: &mut Vec<String>,
    ) -> Result<Moment, Error> {
        let id = &self.source.planned.id;
        // Cleared first: after an error, no old state may be used as a fallback.
        known.cached = Cached::default();
        // The lock comes first, so that the state read under it is final.
        let lock = self.try_lock().await;
        if let LockState::Held(_) = lock {
            cache::seal_anew(&self.world, id, warnings).await?;
        }
        let mut cached = cache::load(&self.world, self.source, warnings).await?;
        cached.failure = cached.failure.or_else(|| self.remembered.failure(id));
        if self.polls == 0 && cached.entry.is_some() {
            let file = id.entry_file(self.world.seal);
            self.world.disk.note_use(&file, self.world.clock.now()).await;
        }
        known.cached = cached;
        known.is_locked = matches!(lock, LockState::Busy);
        self.lock = Some(lock);
        Ok(self.world.clock.now())
    }

    /// Waits a little for the process that holds the lock.
    async fn wait(&mut self) -> Result<(), Error> {
        // In the background, the lock holder is already doing this refresh.
        if self.call.demand == Demand::Fresh || self.time_left().is_zero() {
            let source = &self.source.planned.id.source;
            return Err(Error::transient(format!(
                "another process is still refreshing source `{source}`"
            ))
            .about(source)
            .with_hint("look at `api-key-helper log`, or raise `deadline` in the profile"));
        }
        self.polls += 1;
        let poll = POLLS[POLLS.len().min(self.polls) - 1];
        let wait = Duration::from_millis(poll).mul_f64(0.5 + self.world.chance.unit());
        self.world.clock.sleep(wait.min(self.time_left())).await;
        Ok(())
    }

    /// Asks the source and handles the answer. The lock must be held.
    async fn replace(
        &self,
        known: &mut Known,
        no_lock: Option<&io::Error>,
        warnings: &mut Vec<String>,
    ) -> Result<Moment, Error> {
        // Other processes held the lock, or the previous sources took longer than their share.
        if self.time_left() <= self.shortest_attempt() {
            let source = &self.source.planned.id.source;
            return Err(Error::transient(format!(
                "there is no time left to ask source `{source}`"
            ))
            .about(source)
            .with_hint("look at `api-key-helper log`, or raise `deadline` in the profile"));
        }
        let Cached { entry, failure: before, damaged } = std::mem::take(&mut known.cached);
        let id = &self.source.planned.id;
        if damaged {
            cache::set_aside(&self.world, id, warnings).await;
        }
        let inputs = Resolver::new(
            self.world,
            self.source,
            self.call.profile,
            self.remembered,
            self.call.chain,
            self.inner_keys,
        );
        let held = Held::new(self.world, self.source, inputs, entry);
        held.go_on_from(self.remembered.renewals(id));
        let started = self.world.clock.uptime();
        let mut attempts = 0;
        let fetched = self.ask(&held, before.as_ref(), &mut attempts).await;
        warnings.extend(held.inputs.take_warnings());
        let at = self.world.clock.now();
        self.world.journal.record(&Event {
            at,
            profile: self.call.profile,
            source: &self.source.planned.id.source,
            duration: self.world.clock.uptime().saturating_sub(started),
            attempts,
            outcome: match &fetched {
                Ok(Fetched { key, validity, .. }) => Ok((key, validity.expires_at)),
                Err(error) => Err(error),
            },
        });
        let outcome = match fetched {
            Ok(fetched) => {
                self.remembered.set_failure(id, None);
                match (self.save(&held, fetched, before.is_some()).await, no_lock) {
                    (Err(error), _) => warnings.push(format!("the key was not cached: {error}")),
                    (Ok(()), Some(error)) => warnings.push(format!(
                        "cannot lock the state folder, so others may ask as well: {error}"
                    )),
                    (Ok(()), None) => {}
                }
                known.outcome = Some(Ok(()));
                // The key is judged at its arrival. The time for saving it does not count.
                Ok(at)
            }
            Err(error) => {
                self.remember(&held, before.as_ref(), &error, warnings).await;
                Err(error)
            }
        };
        self.remembered.set_renewals(id, held.unkept());
        known.cached.entry = held.entry();
        outcome
    }

    /// Asks the source until an answer is final. A refusal may be caused by an old cached key of
    /// another source. Then the source is asked again with new keys, once, and not if the server
    /// sent `Retry-After`. If that fails for another reason, the refusal stands.
    async fn ask(
        &self,
        held: &Held<'_>,
        before: Option<&Failure>,
        attempts: &mut u32,
    ) -> Result<Fetched, Error> {
        let refusal = match self.with_retries(held, before, attempts).await {
            Err(error)
                if !error.kind().asks_next_source()
                    && error.retry_after().is_none()
                    && held.inputs.refuse_cached_keys() =>
            {
                error
            }
            other => return other,
        };
        match self.with_retries(held, before, attempts).await {
            Err(error) if error.kind() == ErrorKind::Transient => Err(refusal),
            other => other,
        }
    }

    /// Asks the source with retries. Only a first failure is retried: a source that is known to be
    /// down gets one attempt. Failures of another source are not retried, because that source had
    /// attempts of its own.
    async fn with_retries(
        &self,
        held: &Held<'_>,
        before: Option<&Failure>,
        attempts: &mut u32,
    ) -> Result<Fetched, Error> {
        let is_first = before.is_none() || matches!(self.call.demand, Demand::FetchedSince(_));
        let retries = if is_first { self.source.retries } else { 0 };
        let mut is_rush = before.is_some();
        loop {
            let fetched_at = self.world.clock.now();
            let timeout = self.source.timeout.min(self.time_left());
            *attempts += 1;
            let demand = self.call.demand;
            let error = match attempt::fetch(held, timeout, self.ends_at, demand).await {
                Ok(credential) => match self.fetched(credential, fetched_at) {
                    Ok(fetched) if is_rush => return Ok(fetched.spread()),
                    Ok(fetched) => return Ok(fetched),
                    Err(error) => error,
                },
                Err(error) => match held.inputs.take_failure() {
                    Some(failure) => return Err(failure),
                    None => error,
                },
            };
            if error.kind() != ErrorKind::Transient {
                return Err(error);
            }
            if *attempts > retries && !(is_first && self.waits_its_turn(held, &error)) {
                return Err(error);
            }
            is_rush = true;
            let wait = backoff::wait(*attempts - 1, self.world.chance.unit(), error.retry_after());
            // An attempt without enough time would only replace this error with a less useful one.
            if wait.saturating_add(self.shortest_attempt()) >= self.time_left() {
                return Err(error);
            }
            self.world.clock.sleep(wait).await;
        }
    }

    /// Returns whether to wait although the attempts are used up. A server that sends `Retry-After`
    /// is only busy, and a caller without any key and without another source can only wait.
    fn waits_its_turn(&self, held: &Held<'_>, error: &Error) -> bool {
        error.retry_after().is_some()
            && !self.has_next
            && self.call.demand != Demand::Fresh
            && !self.falls_back(held, error.kind())
    }

    /// Returns whether the cached key is printed if the source fails like this.
    fn falls_back(&self, held: &Held<'_>, kind: ErrorKind) -> bool {
        let cached = Cached { entry: held.entry(), ..Cached::default() };
        let known = Known { cached, ..Known::default() };
        let view = known.view(self.source, &self.call, self.world.clock.now());
        view.falls_back(self.call.demand, kind)
    }

    fn fetched(&self, credential: Credential, fetched_at: Moment) -> Result<Fetched, Error> {
        let is_refetched = matches!(self.call.demand, Demand::Another(_));
        Fetched::new(credential, self.source, fetched_at, is_refetched, self.world)
    }

    async fn save(&self, held: &Held<'_>, fetched: Fetched, had_failed: bool) -> io::Result<()> {
        held.save(fetched.into_entry(held.entry(), held.environment())).await?;
        if had_failed {
            self.world.disk.remove(&self.source.planned.id.failure_file()).await?;
        }
        Ok(())
    }

    /// Remembers the failure. A key that its source denies is dropped, but its renewal stays.
    async fn remember(
        &self,
        held: &Held<'_>,
        before: Option<&Failure>,
        error: &Error,
        warnings: &mut Vec<String>,
    ) {
        if error.kind() == ErrorKind::Denied
            && let Some(entry) = held.entry().filter(|entry| entry.key.is_some())
            && let Err(error) = held.save(Entry { key: None, ..entry }).await
        {
            warnings.push(format!("the refused key was not dropped: {error}"));
        }
        let chance = self.world.chance.unit();
        let now = self.world.clock.now();
        let failure = Failure::remember(error, before, held.environment(), now, chance);
        let file = self.source.planned.id.failure_file();
        let content = failure.encode();
        if let Err(error) = cache::replace(self.world.disk, &file, &content).await {
            warnings.push(format!("the failure cannot be remembered: {error}"));
        }
        self.remembered.set_failure(&self.source.planned.id, Some(failure));
    }

    async fn try_lock(&self) -> LockState {
        match self.world.disk.try_lock(&self.source.planned.id.lock_file()).await {
            Ok(Some(lock)) => LockState::Held(lock),
            Ok(None) => LockState::Busy,
            Err(error) => LockState::Unavailable(error),
        }
    }

    /// Continues on a disk without locks, for a key is still useful. But two processes must not
    /// spend one renewal, so a source with a renewal fails.
    fn go_without_lock(&self, known: &Known, error: &io::Error) -> Result<(), Error> {
        let has_renewal = known.cached.entry.as_ref().is_some_and(|entry| entry.renewal.is_some());
        if has_renewal || self.call.demand == Demand::Fresh {
            return Err(Error::transient(format!("cannot lock the state folder: {error}"))
                .with_hint("make it writable, see `api-key-helper doctor`"));
        }
        Ok(())
    }

    /// Refuses a source that is asked by a program which it runs itself, because it would wait for
    /// itself.
    fn refuse_recursion(&self) -> Result<(), Error> {
        let links: Vec<&str> = self.call.chain.split(',').collect();
        if !links.contains(&self.source.link().as_str()) {
            return Ok(());
        }
        let name = |link: &&'a str| link.rsplit_once('-').map_or(*link, |(name, _)| name);
        let names: Vec<&str> = links.iter().map(name).collect();
        Err(Error::misconfigured(format!(
            "source `{}` is asked for by a program that it runs itself ({})",
            self.source.planned.id.source,
            names.join(" -> ")
        ))
        .about(&self.source.planned.id.source)
        .with_hint("let that program ask for a profile with another source"))
    }

    /// The shortest useful attempt. A shorter one could be cut off after the server has spent our
    /// renewal, and before its answer arrives.
    fn shortest_attempt(&self) -> Duration {
        self.source.timeout.min(self.share) / SHORTEST_ATTEMPT
    }

    fn time_left(&self) -> Duration {
        self.ends_at.saturating_sub(self.world.clock.uptime())
    }
}
