//! One source's part of a call: wait for its lock, ask it, save what it says or remember that it
//! failed, and fall back.

use std::io;
use std::time::Duration;

use super::asking::Fetched;
use super::attempt::Held;
use super::cache::{self, Cached};
use super::resolver::Resolver;
use super::verdict::Printable;
use super::world::{Event, Lock, World};
use super::{Answer, Call, Demand, Source};
use crate::{Entry, Error, ErrorKind, Failure, Freshness};

/// How often a waiting process looks whether the lock is free and whether the entry is there, in
/// milliseconds: often at first, for most sources are fast.
const POLLS: [u64; 5] = [2, 5, 10, 20, 40];

#[derive(Debug)]
pub(super) struct Refresh<'a> {
    pub(super) world: World<'a>,
    pub(super) source: &'a Source,
    pub(super) call: &'a Call<'a>,
    /// When the source's share of the call's time is over, by the uptime.
    pub(super) ends_at: Duration,
    /// Whether there are sources left to ask when this one fails.
    pub(super) has_next: bool,
}

enum LockState {
    Busy,
    Held(Box<dyn Lock>),
    Unavailable(io::Error),
}

/// A source that has no key for us.
pub(super) struct Failed {
    pub(super) error: Error,
    /// Whether it was not even asked.
    pub(super) in_pause: bool,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, in_pause: false }
    }
}

impl<'a> Refresh<'a> {
    pub(super) fn new(
        world: World<'a>,
        source: &'a Source,
        call: &'a Call<'a>,
        time: Duration,
    ) -> Self {
        let ends_at = world.clock.uptime().saturating_add(time);
        Self { world, source, call, ends_at, has_next: false }
    }

    /// The same with so many sources behind this one.
    pub(super) const fn followed_by(self, count: u32) -> Self {
        Self { has_next: count > 0, ..self }
    }

    pub(super) async fn run(&self, warnings: &mut Vec<String>) -> Result<Answer, Failed> {
        self.refuse_recursion()?;
        let mut polls = 0;
        let mut no_lock = None;
        let (lock, cached) = loop {
            // The lock first: what is read under it is the last word.
            let lock = self.try_lock().await;
            if let LockState::Held(_) = lock {
                cache::seal_anew(&self.world, &self.source.planned.id, warnings).await?;
            }
            let cached = cache::load(&self.world, &self.source.planned, warnings).await?;
            if let Some(found) = self.satisfying(&cached) {
                return Ok(self.answer(found));
            }
            if let Some(failure) = self.pausing(&cached) {
                return self.in_pause(&cached, failure, warnings);
            }
            match lock {
                LockState::Held(lock) => break (Some(lock), cached),
                LockState::Unavailable(error) => {
                    if let Err(error) = self.go_without_lock(&cached, &error) {
                        let answer = self.fall_back(cached.entry.as_ref(), error, warnings);
                        return answer.map_err(Failed::from);
                    }
                    no_lock = Some(error);
                    break (None, cached);
                }
                LockState::Busy if self.call.demand == Demand::Fresh => {
                    // Whoever has the lock does what we are here for.
                    return self.waited_in_vain(&cached, warnings);
                }
                LockState::Busy => {
                    if let Some(answer) = self.during_an_outage(&cached, warnings) {
                        return Ok(answer);
                    }
                    let poll = POLLS[POLLS.len().min(polls + 1) - 1];
                    let wait = Duration::from_millis(poll).mul_f64(0.5 + self.world.chance.unit());
                    polls += 1;
                    if self.time_left().is_zero() {
                        return self.waited_in_vain(&cached, warnings);
                    }
                    self.world.clock.sleep(wait.min(self.time_left())).await;
                }
            }
        };
        let answer = self.replace(cached, no_lock.as_ref(), warnings).await;
        drop(lock);
        answer
    }

    /// Asks the source and deals with the answer; the lock is held.
    async fn replace(
        &self,
        cached: Cached,
        no_lock: Option<&io::Error>,
        warnings: &mut Vec<String>,
    ) -> Result<Answer, Failed> {
        let Cached { entry, failure: before, damaged } = cached;
        if damaged {
            self.set_aside(warnings).await;
        }
        let held = self.held(entry);
        let started = self.world.clock.uptime();
        let mut attempts = 0;
        let fetched = self.ask(&held, before.as_ref(), &mut attempts).await;
        warnings.extend(held.inputs.take_warnings());
        self.world.journal.record(&Event {
            at: self.world.clock.now(),
            profile: self.call.profile,
            source: &self.source.planned.id.source,
            duration: self.world.clock.uptime().saturating_sub(started),
            attempts,
            outcome: match &fetched {
                Ok(Fetched { key, validity, .. }) => Ok((key, validity.expires_at)),
                Err(error) => Err(error),
            },
        });
        match fetched {
            Ok(fetched) => {
                let answer = Answer { is_new: true, ..self.answer(fetched.printable(&held)) };
                match (self.save(&held, fetched, before.is_some()).await, no_lock) {
                    (Err(error), _) => warnings.push(format!("the key was not cached: {error}")),
                    (Ok(()), Some(error)) => warnings.push(format!(
                        "cannot lock the state folder, so others may ask as well: {error}"
                    )),
                    (Ok(()), None) => {}
                }
                Ok(answer)
            }
            Err(error) => self.failed(&held, before.as_ref(), error, warnings).await,
        }
    }

    pub(super) async fn set_aside(&self, warnings: &mut Vec<String>) {
        let file = self.source.planned.id.entry_file(self.world.seal);
        if let Err(error) = self.world.disk.set_aside(&file).await {
            warnings.push(format!("cannot set the unreadable `{file}` aside: {error}"));
        }
    }

    async fn save(&self, held: &Held<'_>, fetched: Fetched, had_failed: bool) -> io::Result<()> {
        held.save(fetched.into_entry(held)).await?;
        if had_failed {
            self.world.disk.remove(&self.source.planned.id.failure_file()).await?;
        }
        Ok(())
    }

    /// Remembers the failure and falls back, where that is allowed.
    async fn failed(
        &self,
        held: &Held<'_>,
        before: Option<&Failure>,
        error: Error,
        warnings: &mut Vec<String>,
    ) -> Result<Answer, Failed> {
        if error.kind() == ErrorKind::Denied
            && let Some(entry) = held.entry().filter(|entry| entry.key.is_some())
            && let Err(error) = held.save(Entry { key: None, ..entry }).await
        {
            warnings.push(format!("the refused key was not dropped: {error}"));
        }
        let chance = self.world.chance.unit();
        let now = self.world.clock.now();
        let failure = Failure::remember(&error, before, held.environment(), now, chance);
        let file = self.source.planned.id.failure_file();
        let content = failure.encode();
        if let Err(error) = cache::replace(self.world.disk, None, &file, &content).await {
            warnings.push(format!("the failure cannot be remembered: {error}"));
        }
        self.fall_back(held.entry().as_ref(), error, warnings).map_err(Failed::from)
    }

    /// The source failed a moment ago and is not asked.
    fn in_pause(
        &self,
        cached: &Cached,
        failure: &Failure,
        warnings: &mut Vec<String>,
    ) -> Result<Answer, Failed> {
        self.fall_back(cached.entry.as_ref(), failure.error(), warnings)
            .map_err(|error| Failed { error, in_pause: true })
    }

    /// Somebody else looks after a source that is known to be down: one who waits is enough.
    fn during_an_outage(&self, cached: &Cached, warnings: &mut Vec<String>) -> Option<Answer> {
        let error = cached.failure.as_ref()?.error();
        if self.call.demand != Demand::Printable {
            return None;
        }
        self.fall_back(cached.entry.as_ref(), error, warnings).ok()
    }

    /// Somebody else has been asking for us all this time and has not finished.
    fn waited_in_vain(
        &self,
        cached: &Cached,
        warnings: &mut Vec<String>,
    ) -> Result<Answer, Failed> {
        let source = &self.source.planned.id.source;
        let error =
            Error::transient(format!("another process is still refreshing source `{source}`"))
                .with_hint("look at `api-key-helper log`, or raise `deadline` in the profile");
        self.fall_back(cached.entry.as_ref(), error, warnings).map_err(Failed::from)
    }

    fn fall_back(
        &self,
        entry: Option<&Entry>,
        error: Error,
        warnings: &mut Vec<String>,
    ) -> Result<Answer, Error> {
        let Some(found) = self.fallback(entry, error.kind()) else { return Err(error) };
        // Who would have got this key anyway misses nothing; who asked for another one does.
        let wanted_another = matches!(self.call.demand, Demand::FetchedSince(_));
        if wanted_another || self.freshness(found.validity) == Freshness::Stale {
            let age = self.world.clock.now().since(found.validity.fetched_at).as_secs();
            let source = &self.source.planned.id.source;
            warnings.push(format!("using the key that `{source}` gave {age} s ago: {error}"));
        }
        Ok(Answer { refresh: false, ..self.answer(found) })
    }

    fn answer(&self, found: Printable<'_>) -> Answer {
        let is_due = self.freshness(found.validity) == Freshness::Due;
        Answer {
            key: found.key.clone(),
            key_id: found.key_id,
            source: self.source.planned.id.source.clone(),
            validity: *found.validity,
            is_new: false,
            refresh: is_due && !matches!(self.call.demand, Demand::Fresh | Demand::FetchedSince(_)),
        }
    }

    async fn try_lock(&self) -> LockState {
        match self.world.disk.try_lock(&self.source.planned.id.lock_file()).await {
            Ok(Some(lock)) => LockState::Held(lock),
            Ok(None) => LockState::Busy,
            Err(error) => LockState::Unavailable(error),
        }
    }

    /// Where the disk knows no locks, a key is still worth having, but not at the price of two
    /// processes that spend one renewal.
    fn go_without_lock(&self, cached: &Cached, error: &io::Error) -> Result<(), Error> {
        let has_renewal = cached.entry.as_ref().is_some_and(|entry| entry.renewal.is_some());
        if has_renewal || self.call.demand == Demand::Fresh {
            return Err(Error::transient(format!("cannot lock the state folder: {error}"))
                .with_hint("make it writable, see `api-key-helper doctor`"));
        }
        Ok(())
    }

    /// A program that a source runs must not ask for that source: it would wait for itself.
    fn refuse_recursion(&self) -> Result<(), Error> {
        let source = self.source.planned.id.source.as_str();
        if !self.call.chain.split(',').any(|name| name == source) {
            return Ok(());
        }
        Err(Error::misconfigured(format!(
            "source `{source}` is asked for by a program that it runs itself ({})",
            self.call.chain.replace(',', " -> ")
        ))
        .with_hint("let that program ask for a profile with another source"))
    }

    /// The source's entry, of which this call has the lock.
    pub(super) fn held(&self, entry: Option<Entry>) -> Held<'a> {
        Held::new(self.world, self.source, self.resolver(), entry)
    }

    pub(super) fn resolver(&self) -> Resolver<'a> {
        let source = self.source.planned.id.source.as_str();
        let chain = if self.call.chain.is_empty() {
            source.to_owned()
        } else {
            format!("{},{source}", self.call.chain)
        };
        Resolver::new(self.world, self.source, self.call.profile, chain)
    }

    pub(super) fn time_left(&self) -> Duration {
        self.ends_at.saturating_sub(self.world.clock.uptime())
    }
}
