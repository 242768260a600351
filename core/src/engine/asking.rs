//! The attempts of one refresh, and the entry that comes of them.

use super::held::Held;
use super::refresh::Refresh;
use super::verdict::Printable;
use super::{Demand, backoff};
use crate::document::AwsKeys;
use crate::{Credential, Entry, Error, ErrorKind, Failure, Key, Moment, Secret, Validity, jwt};

impl Refresh<'_> {
    /// Attempts, until one has its end. A refusal that may be due to a cached key of another source
    /// is put to the test once, by a new one, unless the server wants to be left alone; where that test
    /// fails of something else, it counts.
    pub(super) async fn ask(
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

    /// Attempts, with waits between them. Only a first failure is worth more than one attempt: a
    /// source that is known to be down is only looked after. What another source fails of is not
    /// retried: it had attempts of its own.
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
            let error = match held.ask(timeout, self.ends_at, self.call.demand).await {
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
            // An attempt that has no time would only hide the error that says more.
            if wait.saturating_add(self.shortest_attempt()) >= self.time_left() {
                return Err(error);
            }
            self.world.clock.sleep(wait).await;
        }
    }

    /// Whether `error` is no failure to a caller who has no key at all and nobody else to ask, but a server
    /// that has too much to do just now and says when to come again: there is nothing else to do than that.
    fn waits_its_turn(&self, held: &Held<'_>, error: &Error) -> bool {
        error.retry_after().is_some()
            && !self.has_next
            && self.call.demand != Demand::Fresh
            && self.fallback(held.entry().as_ref(), error.kind()).is_none()
    }

    /// What a credential becomes. `fetched_at` is when it was asked for, so that a lifetime never
    /// counts from later than the issuer does.
    pub(super) fn fetched(
        &self,
        credential: Credential,
        fetched_at: Moment,
    ) -> Result<Fetched, Error> {
        let Credential { key, expires_at, refresh_at, renewal } = credential;
        let in_key =
            jwt::expiry(&key).or_else(|| AwsKeys::parse(&key).and_then(|keys| keys.expires_at()));
        let said = expires_at.map(Moment::from).into_iter().chain(in_key).min();
        let expires_at =
            said.or_else(|| self.source.lifetime.map(|lifetime| fetched_at.plus(lifetime)));
        if expires_at.is_some_and(|end| end <= self.world.clock.now()) {
            let source = &self.source.planned.id.source;
            let message = format!("source `{source}` gave a key that has already ended");
            return Err(Error::transient(message)
                .with_hint("compare this machine's clock with the issuer's"));
        }
        let validity = Validity {
            fetched_at,
            expires_at,
            // One that has passed tells nothing, and would make the key due for ever.
            refresh_at: refresh_at.map(Moment::from).filter(|at| *at > fetched_at),
            jitter: self.world.chance.unit(),
        };
        let is_refetched = matches!(self.call.demand, Demand::Another(_));
        Ok(Fetched { key, validity, renewal, is_refetched })
    }
}

/// By how much more the keys of a rush are spread than others.
const SPREAD: f64 = 5.0;

/// A key that has just arrived.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) key: Key,
    pub(super) validity: Validity,
    renewal: Option<Secret>,
    /// Whether the API had refused the key before it.
    is_refetched: bool,
}

impl Fetched {
    /// The same for a key that came after a failure: many others were refused at that time too, and
    /// have come at once. Its next fetch is not to be at the same time as theirs again.
    const fn spread(mut self) -> Self {
        self.validity.jitter *= SPREAD;
        self
    }

    /// The key, to be printed.
    pub(super) fn printable(&self, held: &Held<'_>) -> Printable<'_> {
        let key_id = held.key_id(self.since(held.entry().as_ref()));
        Printable { key: &self.key, key_id, validity: &self.validity }
    }

    /// Since when the source gives this very key, if `before` is the entry so far.
    fn since(&self, before: Option<&Entry>) -> Moment {
        let same = before.filter(|entry| entry.key.as_ref() == Some(&self.key));
        same.map_or(self.validity.fetched_at, |entry| entry.key_since)
    }

    /// The entry that it makes. A renewal that was kept before stays, unless there is a new one.
    pub(super) fn into_entry(self, held: &Held<'_>) -> Entry {
        let before = held.entry();
        let key_since = self.since(before.as_ref());
        let (renewal, refetched_at) =
            before.map_or((None, None), |entry| (entry.renewal, entry.refetched_at));
        Entry {
            key: Some(self.key),
            key_since,
            refetched_at: self.is_refetched.then_some(self.validity.fetched_at).or(refetched_at),
            validity: self.validity,
            renewal: self.renewal.or(renewal),
            environment: held.environment(),
        }
    }
}
