//! A source's secret inputs during a refresh. An input that is another source's key causes a
//! refresh of that source, with its own entry, lock, cooldown and attempts.
//!
//! Locks are taken from outer to inner sources only, and sources do not use one another in circles.
//! So there is no deadlock.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api_key_helper_backend::{SecretInput, redact};
use api_key_helper_cache::{Demand, KeyId, Policy};
use api_key_helper_values::{Error, Secret};
use async_trait::async_trait;

use super::call::{Answer, Call};
use super::remembered::Remembered;
use super::source::Source;
use super::world::{Clock, World};

/// Gets the keys of inner sources. Each is the result of a call of its own: only here does the
/// engine call itself.
#[async_trait]
pub(super) trait InnerKeys: Sync {
    /// Answers `call` from `source` alone.
    async fn obtain(
        &self,
        world: World<'_>,
        source: &Source,
        call: &Call<'_>,
        remembered: &Remembered,
        warnings: &mut Vec<String>,
    ) -> Result<Answer, Error>;
}

/// The secret inputs of one source, from its first attempt to its last.
pub(super) struct Resolver<'a> {
    world: World<'a>,
    source: &'a Source,
    profile: &'a str,
    remembered: &'a Remembered,
    inner_keys: &'a dyn InnerKeys,
    /// The sources that are being fetched, with this one last.
    chain: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The keys of other sources that were used, by the sources' names.
    given: BTreeMap<String, Given>,
    /// All secrets that were read, which no error may show.
    secrets: Vec<Secret>,
    /// The failure of another source.
    failure: Option<Error>,
    warnings: Vec<String>,
    /// The number of running refreshes of other sources, and the uptime at which the first began.
    waiting: u32,
    waiting_since: Duration,
    /// The total time of those that have ended.
    waited: Duration,
}

/// A key of another source, as used last.
#[derive(Clone)]
struct Given {
    key: Secret,
    key_id: KeyId,
    was_cached: bool,
    /// Set if this source was refused with it.
    is_refused: bool,
}

/// The time for resolving an input.
#[derive(Clone, Copy)]
pub(super) struct TimeLeft {
    /// The rest of the attempt's time.
    pub(super) attempt: Duration,
    /// The rest of the source's total time.
    pub(super) source: Duration,
}

impl TimeLeft {
    /// The time for another source's refresh. It does not count as the attempt's time, so as much
    /// is reserved for the attempt as it has left, up to half.
    fn of_other_source(self) -> Duration {
        self.source - self.attempt.min(self.source / 2)
    }
}

impl<'a> Resolver<'a> {
    /// `chain` is the sources that are being fetched, without this one.
    pub(super) fn new(
        world: World<'a>,
        source: &'a Source,
        profile: &'a str,
        remembered: &'a Remembered,
        chain: &str,
        inner_keys: &'a dyn InnerKeys,
    ) -> Self {
        let (chain, state) = (source.extend(chain), Mutex::default());
        Self { world, source, profile, remembered, inner_keys, chain, state }
    }

    pub(super) fn chain(&self) -> &str {
        &self.chain
    }

    /// See [`api_key_helper_backend::Attempt::resolve`].
    pub(super) async fn resolve(
        &self,
        input: &SecretInput,
        time_left: TimeLeft,
    ) -> Result<Secret, Error> {
        let SecretInput::Source(name) = input else {
            let secret = self.world.inputs.resolve(input, &self.chain, time_left.attempt).await?;
            return Ok(self.hidden(secret));
        };
        let refused = self.given(name).filter(|given| given.is_refused);
        let demand = refused.map_or(Demand::Printable, |given| Demand::Another(given.key_id));
        self.key_of(name, demand, time_left).await
    }

    /// See [`api_key_helper_backend::Attempt::resolve_again`].
    pub(super) async fn resolve_again(
        &self,
        input: &SecretInput,
        spent: &Secret,
        time_left: TimeLeft,
    ) -> Result<Secret, Error> {
        let SecretInput::Source(name) = input else { return self.resolve(input, time_left).await };
        let is_spent = |given: &Given| given.key == *spent;
        if !self.given(name).as_ref().is_some_and(is_spent) {
            // An earlier refresh spent the key. Its source may have another one by now.
            let key = self.resolve(input, time_left).await?;
            if key != *spent {
                return Ok(key);
            }
        }
        let demand = self.given(name).map(|given| Demand::Unspent(given.key_id));
        self.key_of(name, demand.unwrap_or(Demand::Printable), time_left).await
    }

    /// Marks all cached keys of other sources as refused, so that the next attempt fetches new
    /// ones. The refusal of this source may be caused by an old key. Returns whether there are any.
    pub(super) fn refuse_cached_keys(&self) -> bool {
        let mut state = self.state();
        for given in state.given.values_mut() {
            given.is_refused = given.was_cached;
        }
        state.given.values().any(|given| given.is_refused)
    }

    /// Takes the failure of another source in the last attempt. Such an attempt says nothing about
    /// the keys that were used.
    pub(super) fn take_failure(&self) -> Option<Error> {
        let mut state = self.state();
        let failure = state.failure.take()?;
        state.given.clear();
        Some(failure)
    }

    /// See [`api_key_helper_backend::Attempt::warn`]. A retry repeats its warnings, so duplicates
    /// are dropped.
    pub(super) fn warn(&self, warning: String) {
        let mut state = self.state();
        if !state.warnings.contains(&warning) {
            state.warnings.push(warning);
        }
    }

    /// Takes the warnings for the user, without any secret that was read.
    pub(super) fn take_warnings(&self) -> Vec<String> {
        let mut state = self.state();
        let warnings = std::mem::take(&mut state.warnings);
        let secrets: Vec<&Secret> = state.secrets.iter().collect();
        warnings
            .iter()
            .map(|warning| redact::in_message(warning, secrets.iter().copied()))
            .collect()
    }

    /// Removes all secrets that were read from `error`, because a backend may quote a server's
    /// answer.
    pub(super) fn redact(&self, error: Error) -> Error {
        redact::in_error(error, &self.state().secrets)
    }

    /// Returns whether another source is being refreshed. That is never cut off, because it may be
    /// rotating a renewal.
    pub(super) fn is_waiting(&self) -> bool {
        self.state().waiting > 0
    }

    /// The time spent on other sources so far.
    pub(super) fn waited(&self) -> Duration {
        let state = self.state();
        let now = match state.waiting {
            0 => Duration::ZERO,
            _ => self.world.clock.uptime().saturating_sub(state.waiting_since),
        };
        state.waited + now
    }

    async fn key_of(
        &self,
        name: &str,
        demand: Demand,
        time_left: TimeLeft,
    ) -> Result<Secret, Error> {
        let Some(inner) = self.source.uses.iter().find(|used| used.planned.id.source == name)
        else {
            let source = &self.source.planned.id.source;
            return Err(Error::misconfigured(format!(
                "source `{source}` asks for the key of `{name}`, which its settings do not name"
            ))
            .about(source)
            .with_hint("write it as `{ source = \"NAME\" }`, with nothing else beside"));
        };
        let policy = policy_of_used();
        let time = time_left.of_other_source();
        let call = Call {
            profile: self.profile,
            policy: &policy,
            hold: Duration::ZERO,
            deadline: time,
            demand,
            chain: &self.chain,
        };
        let mut warnings = Vec::new();
        let answer = {
            let _waiting = self.wait();
            self.inner_keys.obtain(self.world, inner, &call, self.remembered, &mut warnings).await
        };
        let mut state = self.state();
        state.warnings.extend(warnings);
        match answer {
            Ok(Answer { key, key_id, is_new, .. }) => {
                let key = key.into_secret();
                let was_cached = !is_new;
                let given = Given { key: key.clone(), key_id, was_cached, is_refused: false };
                state.given.insert(name.to_owned(), given);
                drop(state);
                Ok(self.hidden(key))
            }
            Err(error) => {
                // The inner source is named only if the error names none: users know the source
                // that they asked for.
                let error = error.or_about(&inner.planned.id.source);
                state.failure = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Records the secret, so that no error shows it.
    fn hidden(&self, secret: Secret) -> Secret {
        let mut state = self.state();
        if !state.secrets.contains(&secret) {
            state.secrets.push(secret.clone());
        }
        secret
    }

    fn given(&self, name: &str) -> Option<Given> {
        self.state().given.get(name).cloned()
    }

    fn wait(&self) -> Waiting<'_> {
        let now = self.world.clock.uptime();
        let mut state = self.state();
        if state.waiting == 0 {
            state.waiting_since = now;
        }
        state.waiting += 1;
        Waiting { clock: self.world.clock, state: &self.state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Marks a refresh of another source as running, until dropped.
struct Waiting<'a> {
    clock: &'a dyn Clock,
    state: &'a Mutex<State>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let now = self.clock.uptime();
        let mut state = lock(self.state);
        state.waiting -= 1;
        if state.waiting == 0 {
            let since = state.waiting_since;
            state.waited += now.saturating_sub(since);
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The policy for the key of an inner source, for a hold of zero. The outer source's hold says
/// nothing about it. It is never due, because no background refresh would follow.
#[must_use]
pub fn policy_of_used() -> Policy {
    Policy { stale_while_revalidate: Duration::ZERO, ..Policy::default() }
}
