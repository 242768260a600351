//! One attempt of a source.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, ready};
use std::time::{Duration, SystemTime};

use api_key_helper_backend::{Attempt, Credential, SecretInput};
use api_key_helper_cache::Demand;
use api_key_helper_values::{Error, Secret};
use async_trait::async_trait;

use super::held::Held;
use super::resolver::TimeLeft;

/// Asks the source once, for at most `timeout`, for a key that meets `demand`. The time of the
/// sources that it uses does not count, but the attempt ends at the uptime `latest` in any case.
pub(super) async fn fetch(
    held: &Held<'_>,
    timeout: Duration,
    latest: Duration,
    demand: Demand,
) -> Result<Credential, Error> {
    // An answer is useful even without reserved space. A backend that depends on it calls
    // `reserve_space` itself.
    let _ = held.reserve_space().await;
    let renewal = held.renewal();
    let attempt = CurrentAttempt { latest, demand, renewal, ..CurrentAttempt::new(held, timeout) };
    attempt.within_its_time(held.source.backend.fetch(&attempt)).await
}

/// Revokes the credential, for at most `timeout`.
pub(super) async fn revoke(held: &Held<'_>, timeout: Duration) -> Result<(), Error> {
    let renewal = held.renewal();
    let attempt = CurrentAttempt { renewal, ..CurrentAttempt::new(held, timeout) };
    attempt.within_its_time(held.source.backend.revoke(&attempt)).await
}

/// Asks the server for the time, for at most `timeout`.
pub(super) async fn server_time(
    held: &Held<'_>,
    timeout: Duration,
) -> Result<Option<SystemTime>, Error> {
    let attempt = CurrentAttempt::new(held, timeout);
    attempt.within_its_time(held.source.backend.server_time(&attempt)).await
}

/// A running attempt.
#[derive(Debug)]
struct CurrentAttempt<'a> {
    held: &'a Held<'a>,
    /// The renewal, if the backend may see it.
    renewal: Option<Secret>,
    timeout: Duration,
    /// The uptime at which the attempt ends, if it does not wait for other sources.
    ends_at: Duration,
    /// The uptime at which it ends in any case.
    latest: Duration,
    demand: Demand,
}

impl<'a> CurrentAttempt<'a> {
    fn new(held: &'a Held<'a>, timeout: Duration) -> Self {
        let ends_at = held.world.clock.uptime().saturating_add(timeout);
        Self { held, renewal: None, timeout, ends_at, latest: ends_at, demand: Demand::Printable }
    }

    fn timed_out(&self) -> Error {
        let Self { held, timeout, .. } = self;
        let source = &held.source.planned.id.source;
        // A timeout below the source's own is the rest of the call's time: a larger `timeout` alone
        // would not help.
        let also =
            if *timeout < held.source.timeout { ", and `deadline` in the profile" } else { "" };
        Error::transient(format!("source `{source}` did not answer within {timeout:.1?}"))
            .about(source)
            .with_hint(format!(
                "if it is slow by nature, raise `timeout` in `[source.{source}]`{also}"
            ))
    }

    /// Waits for `work` until the attempt's time is over. Waits longer only while a renewal is
    /// being written, this source's own or that of a source it waits for.
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
            while !self.held.is_keeping() && !self.held.inputs.is_waiting() {
                let time_left = self.time_left();
                if time_left.is_zero() {
                    return Poll::Ready(Err(self.timed_out()));
                }
                let ringing =
                    alarm.get_or_insert_with(|| self.held.world.clock.sleep(time_left)).as_mut();
                ready!(ringing.poll(context));
                // Other sources may have extended the time.
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

    fn renewal(&self) -> Option<&Secret> {
        self.renewal.as_ref()
    }

    fn wants_another_key(&self) -> bool {
        matches!(self.demand, Demand::Another(_) | Demand::FetchedSince(_) | Demand::Unspent(_))
    }

    async fn store_renewal(&self, renewal: &Secret) -> Result<(), Error> {
        self.held.store_renewal(renewal).await.map_err(|error| {
            Error::transient(format!("cannot keep what renews the key: {error}"))
                .with_hint("make room in the state folder, see `api-key-helper doctor`")
        })
    }

    async fn reserve_space(&self) -> Result<(), Error> {
        self.held.reserve_space().await.map_err(|error| {
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

    async fn resolve_again(&self, input: &SecretInput, spent: &Secret) -> Result<Secret, Error> {
        self.held.inputs.resolve_again(input, spent, self.time_left_to_resolve()).await
    }

    fn warn(&self, warning: String) {
        self.held.inputs.warn(warning);
    }
}
