//! Turns what a human has granted into tokens.

use std::time::SystemTime;

use api_key_helper_core::{Error, ErrorKind, Secret};
use api_key_helper_http::Failure;

use crate::answer::{Answer, Code, Verdict};
use crate::client::Form;
use crate::endpoint::Endpoint;
use crate::grant::Grant;
use crate::pace::Pace;
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

impl Session<'_> {
    /// Asks until there is a grant, or the code has ended. Says when it was asked for, too.
    ///
    /// A device code is redeemed by the same request that asks whether it can be, and every code works
    /// once. So after a request that may have reached the provider, and whose answer never came, it is
    /// not sent again: it may have been the one that redeemed the code, and the second redemption of a
    /// code makes a provider revoke all that it granted. A request that found no connection was not
    /// sent.
    pub(crate) async fn redeem(
        &self,
        redemption: &Redemption<'_>,
        mut pace: Pace,
    ) -> Result<(Grant, SystemTime), Error> {
        let settings = self.settings;
        let mut missed = None;
        loop {
            let left = redemption.ends_at.duration_since(self.request.now()).unwrap_or_default();
            tokio::time::sleep(pace.wait().min(left)).await;
            let asked_at = self.request.now();
            if asked_at >= redemption.ends_at {
                return Err(self.too_late(missed.as_ref()));
            }
            let answer = match self.send(redemption).await {
                Ok(answer) => answer,
                Err(Failure { error, sent: true }) => return Err(self.lost(&error)),
                Err(failure) if failure.error.kind() == ErrorKind::Transient => {
                    pace.unavailable(None);
                    missed = Some(failure.error);
                    continue;
                }
                Err(failure) => return Err(failure.error),
            };
            match answer.verdict() {
                Verdict::Good => {
                    let grant = answer.document(settings).map_err(|error| self.lost(&error))?;
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
                    return Err(self.too_late(missed.as_ref()));
                }
                Verdict::Refused(Code::InvalidGrant) => {
                    let because = answer.because();
                    return Err(settings
                        .needs_login(format!("the provider knows the code no more{because}")));
                }
                _ if answer.may_hide_a_grant() => {
                    return Err(self.lost(&answer.error(settings)));
                }
                Verdict::Unavailable => {
                    pace.unavailable(answer.0.retry_after);
                    missed = Some(answer.error(settings));
                }
                Verdict::Refused(_) | Verdict::Foreign => return Err(answer.error(settings)),
            }
        }
    }

    async fn send(&self, redemption: &Redemption<'_>) -> Result<Answer, Failure> {
        let Redemption { endpoint, secret_in_form, client_secret, form, .. } = redemption;
        self.post(endpoint, form(), *client_secret, *secret_in_form).await
    }

    /// The code has ended. Where the provider could not be asked at last, somebody may have signed in.
    fn too_late(&self, missed: Option<&Error>) -> Error {
        self.settings.needs_login(match missed {
            Some(error) => format!("the code ended before it could be redeemed: {error}"),
            None => "nobody signed in before the code ended".to_owned(),
        })
    }

    fn lost(&self, error: &Error) -> Error {
        self.settings.needs_login(format!(
            "an answer got lost that may have been the sign-in, and the code works only once: {error}"
        ))
    }
}
