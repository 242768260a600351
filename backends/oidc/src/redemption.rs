//! Redeems a code for tokens (RFC 6749, section 4.1.3; RFC 8628, section 3.4).

use std::time::{Duration, SystemTime};

use api_key_helper_backend::{Error, ErrorKind, Secret};
use api_key_helper_http::{Failure, Form};

use crate::answer::{Answer, Code, Verdict};
use crate::config::Settings;
use crate::endpoint::Endpoint;
use crate::grant::Grant;
use crate::session::Session;

/// A code, and how it is redeemed.
pub(crate) struct Redemption<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) secret_in_form: bool,
    pub(crate) client_secret: Option<&'a Secret>,
    /// Makes the request, but for what says who the client is.
    pub(crate) form: &'a (dyn Fn() -> Form + Sync),
    pub(crate) ends_at: SystemTime,
}

impl Redemption<'_> {
    /// Asks until there is a grant, or the code has ended. Says when it was asked for, too.
    ///
    /// A device code is redeemed by the same request that asks whether it can be, and every code
    /// works once. So after a request that may have reached the provider, and whose answer never
    /// came, it is not sent again: it may have been the one that redeemed the code, and the second
    /// redemption of a code makes a provider revoke all that it granted. A request that found no
    /// connection was not sent.
    pub(crate) async fn run(
        &self,
        session: &Session<'_>,
        mut pace: Pace,
    ) -> Result<(Grant, SystemTime), Error> {
        let settings = session.settings;
        let lost = |error: &Error| answer_lost(settings, error);
        let too_late = |missed: Option<&Error>| too_late(settings, missed);
        let mut missed = None;
        loop {
            let left = self.ends_at.duration_since(session.attempt.now()).unwrap_or_default();
            tokio::time::sleep(pace.wait().min(left)).await;
            let asked_at = session.attempt.now();
            if asked_at >= self.ends_at {
                return Err(too_late(missed.as_ref()));
            }
            let answer = match self.send(session).await {
                Ok(answer) => answer,
                Err(Failure { error, sent: true }) => return Err(lost(&error)),
                Err(failure) if failure.error.kind() == ErrorKind::Transient => {
                    pace.unavailable(None);
                    missed = Some(failure.error);
                    continue;
                }
                Err(failure) => return Err(failure.error),
            };
            match answer.verdict() {
                Verdict::Good => {
                    let grant = Grant::read(&answer, settings).map_err(|error| lost(&error))?;
                    return Ok((grant, asked_at));
                }
                Verdict::Refused(Code::AuthorizationPending) => {
                    pace.pending();
                    missed = None;
                }
                Verdict::Refused(Code::SlowDown) => {
                    pace.slow_down();
                    missed = None;
                }
                Verdict::Refused(Code::AccessDenied) => return Err(answer.declined(settings)),
                Verdict::Refused(Code::ExpiredToken) => {
                    return Err(too_late(missed.as_ref()));
                }
                Verdict::Refused(Code::InvalidGrant) => {
                    let because = answer.because();
                    return Err(settings
                        .needs_login(format!("the provider knows the code no more{because}")));
                }
                _ if answer.may_hide_a_grant() => {
                    return Err(lost(&answer.error(settings)));
                }
                Verdict::Unavailable => {
                    pace.unavailable(answer.0.retry_after);
                    missed = Some(answer.error(settings));
                }
                Verdict::Refused(_) | Verdict::Foreign => return Err(answer.error(settings)),
            }
        }
    }

    async fn send(&self, session: &Session<'_>) -> Result<Answer, Failure> {
        let form = (self.form)();
        session.post(self.endpoint, form, self.client_secret, self.secret_in_form).await
    }
}

/// The code has expired. Where the last poll `missed` the provider, the user may have signed in.
fn too_late(settings: &Settings, missed: Option<&Error>) -> Error {
    settings.needs_login(match missed {
        Some(error) => format!("the code expired before it could be redeemed: {error}"),
        None => "the code expired before the sign-in".to_owned(),
    })
}

fn answer_lost(settings: &Settings, error: &Error) -> Error {
    settings.needs_login(format!(
        "an answer got lost that may have been the sign-in, and the code works only once: {error}"
    ))
}

/// The wait before the next poll (RFC 8628, section 3.5).
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    wait: Duration,
}

impl Pace {
    /// `interval` is what the provider asks for. No provider means several polls in a second.
    pub(crate) fn new(interval: Option<Duration>) -> Self {
        let interval = interval.unwrap_or(DEFAULT_INTERVAL).max(Duration::from_secs(1));
        Self { interval, wait: interval }
    }

    /// For a code that can be redeemed at once.
    pub(crate) const fn eager() -> Self {
        Self { interval: Duration::from_secs(1), wait: Duration::ZERO }
    }

    pub(crate) const fn wait(&self) -> Duration {
        self.wait
    }

    /// The provider answered: not yet.
    pub(crate) fn pending(&mut self) {
        self.wait = self.interval;
    }

    /// The provider wants to be asked less often, from now on.
    pub(crate) fn slow_down(&mut self) {
        self.interval = self.interval.saturating_add(SLOW_DOWN);
        self.wait = self.interval;
    }

    /// The provider could not be asked, or could not look: each time the wait doubles, and is at
    /// least what the provider said. Once it answers, it is as before.
    pub(crate) fn unavailable(&mut self, retry_after: Option<Duration>) {
        let least = self.interval.max(retry_after.unwrap_or_default());
        self.wait = self.wait.saturating_mul(2).max(least);
    }
}

const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
const SLOW_DOWN: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_login_poll_interval_follows_pending_and_slow_down() {
        let mut pace = Pace::new(None);
        let mut waits = vec![pace.wait().as_secs()];
        for step in "p s s p u u p u s".split(' ') {
            match step {
                "p" => pace.pending(),
                "s" => pace.slow_down(),
                _ => pace.unavailable(None),
            }
            waits.push(pace.wait().as_secs());
        }
        assert_eq!(waits, [5, 5, 10, 15, 15, 30, 60, 15, 30, 20]);
    }

    #[test]
    fn device_login_poll_interval_is_the_providers() {
        assert_eq!(Pace::new(Some(Duration::from_secs(30))).wait().as_secs(), 30);
        assert_eq!(Pace::new(Some(Duration::ZERO)).wait().as_secs(), 1);
        let mut pace = Pace::new(None);
        pace.unavailable(Some(Duration::from_secs(60)));
        assert_eq!(pace.wait().as_secs(), 60);
    }

    #[test]
    fn browser_login_redemption_waits_only_after_a_failure() {
        let mut pace = Pace::eager();
        assert_eq!(pace.wait(), Duration::ZERO);
        pace.unavailable(None);
        assert_eq!(pace.wait().as_secs(), 1);
        pace.unavailable(None);
        assert_eq!(pace.wait().as_secs(), 2);
    }
}
