//! One source's part of a call: wait for its lock, ask it, and save what it says.

use std::io;
use std::time::Duration;

use super::asking::Fetched;
use super::cache::{self, Cached};
use super::held::Held;
use super::remembered::Remembered;
use super::resolver::Resolver;
use super::verdict::Printable;
use super::world::{Event, Lock, World};
use super::{Answer, Call, Demand, Source};
use crate::{Entry, Error, Freshness};

/// How often a waiting process looks whether the lock is free and whether the entry is there, in
/// milliseconds: often at first, for most sources are fast.
const POLLS: [u64; 5] = [2, 5, 10, 20, 40];

/// An attempt that would have less than one part in this many of its time is not begun: backends keep as
/// much back for an error of their own.
const SHORTEST_ATTEMPT: u32 = 10;

#[derive(Debug)]
pub(super) struct Refresh<'a> {
    pub(super) world: World<'a>,
    pub(super) source: &'a Source,
    pub(super) call: &'a Call<'a>,
    pub(super) remembered: &'a Remembered,
    /// The source's share of the call's time.
    share: Duration,
    /// When that is over, by the uptime.
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
        remembered: &'a Remembered,
        share: Duration,
    ) -> Self {
        let ends_at = world.clock.uptime().saturating_add(share);
        Self { world, source, call, remembered, share, ends_at, has_next: false }
    }

    /// The same with so many sources behind this one.
    pub(super) const fn followed_by(self, count: u32) -> Self {
        Self { has_next: count > 0, ..self }
    }

    pub(super) async fn run(&self, warnings: &mut Vec<String>) -> Result<Answer, Failed> {
        self.refuse_recursion()?;
        let id = &self.source.planned.id;
        let mut polls = 0;
        let mut no_lock = None;
        let (lock, cached) = loop {
            // The lock first: what is read under it is the last word.
            let lock = self.try_lock().await;
            if let LockState::Held(_) = lock {
                cache::seal_anew(&self.world, id, warnings).await?;
            }
            let mut cached = cache::load(&self.world, &self.source.planned, warnings).await?;
            cached.failure = cached.failure.or_else(|| self.remembered.failure(id));
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
        if self.time_left() <= self.shortest_attempt() {
            return self.came_too_late(&cached, warnings);
        }
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
        let id = &self.source.planned.id;
        held.go_on_from(self.remembered.renewals(id));
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
        let outcome = match fetched {
            Ok(fetched) => {
                self.remembered.set_failure(id, None);
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
        };
        self.remembered.set_renewals(id, held.unkept());
        outcome
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

    pub(super) fn answer(&self, found: Printable<'_>) -> Answer {
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
        Resolver::new(self.world, self.source, self.call.profile, self.remembered, chain)
    }

    /// An attempt with less time is not worth beginning: it would be cut off, perhaps when the server has
    /// already spent our renewal, and nothing else was received.
    pub(super) fn shortest_attempt(&self) -> Duration {
        self.source.timeout.min(self.share) / SHORTEST_ATTEMPT
    }

    pub(super) fn time_left(&self) -> Duration {
        self.ends_at.saturating_sub(self.world.clock.uptime())
    }
}
