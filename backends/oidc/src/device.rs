//! A login by the device flow (RFC 8628).

use std::time::{Duration, SystemTime};

use api_key_helper_core::{Credential, DeviceCode, Error, ErrorKind, Prompt, Secret};
use api_key_helper_http::Failure;
use serde::Deserialize;

use crate::answer::{Code, Verdict};
use crate::client::Form;
use crate::discovery::Endpoints;
use crate::endpoint::Endpoint;
use crate::grant::{self, Grant};
use crate::pace::Pace;
use crate::renewal::Renewal;
use crate::session::Session;

/// What the provider answers to the device's request (section 3.2).
#[derive(Deserialize)]
struct Authorization {
    #[serde(deserialize_with = "grant::secret")]
    device_code: Secret,
    user_code: String,
    /// The other name is Google's, which is older than the standard.
    #[serde(alias = "verification_url")]
    verification_uri: String,
    verification_uri_complete: Option<String>,
    #[serde(default, deserialize_with = "grant::optional_seconds")]
    expires_in: Option<Duration>,
    #[serde(default, deserialize_with = "grant::optional_seconds")]
    interval: Option<Duration>,
}

/// How a login waits for its grant.
struct Poll<'a> {
    endpoint: &'a Endpoint,
    endpoints: &'a Endpoints,
    client_secret: Option<&'a Secret>,
    device_code: &'a Secret,
    ends_at: SystemTime,
}

impl Session<'_> {
    /// Lets a human sign in, and keeps what that grants before anything else is done with it.
    pub(crate) async fn login(self, prompt: &dyn Prompt) -> Result<Credential, Error> {
        let settings = self.settings;
        // The human is not troubled for what cannot be kept.
        self.request.make_room().await?;
        let client_secret = self.client_secret().await?;
        let endpoints = self.endpoints().await?;
        let token_endpoint = settings.needed(endpoints.token.as_ref(), "token_endpoint")?;

        let started_at = self.request.now();
        let authorization = self.authorize(&endpoints, client_secret.as_ref()).await?;
        let lifetime = authorization.expires_in.unwrap_or(DEFAULT_LIFETIME);
        let ends_at = started_at.checked_add(lifetime).unwrap_or(started_at);
        prompt
            .show(&DeviceCode {
                verification_uri: &authorization.verification_uri,
                verification_uri_complete: authorization.verification_uri_complete.as_deref(),
                user_code: &authorization.user_code,
                expires_at: ends_at,
            })
            .await;

        let poll = Poll {
            endpoint: token_endpoint,
            endpoints: &endpoints,
            client_secret: client_secret.as_ref(),
            device_code: &authorization.device_code,
            ends_at,
        };
        let (grant, asked_at) = self.poll(&poll, Pace::new(authorization.interval)).await?;
        let renewal = Renewal::signed_in(settings, &grant, endpoints.clone(), asked_at);
        self.keep(&renewal).await;
        self.credential(&grant, &renewal, &endpoints, asked_at).await
    }

    async fn authorize(
        &self,
        endpoints: &Endpoints,
        client_secret: Option<&Secret>,
    ) -> Result<Authorization, Error> {
        let settings = self.settings;
        let endpoint = endpoints.device_authorization.as_ref();
        let endpoint = settings.needed(endpoint, "device_authorization_endpoint")?;
        let mut form = Form::default().with("scope", &settings.scopes.join(" "));
        if let Some(audience) = &settings.audience {
            form = form.with("audience", audience);
        }
        for resource in &settings.resources {
            form = form.with("resource", resource);
        }
        let answer = self.post(endpoint, form, client_secret, endpoints.secret_in_form).await?;
        let mut authorization: Authorization = answer.document(settings)?;
        let said = &mut authorization;
        said.user_code.retain(|c| !c.is_control());
        let complete = said.verification_uri_complete.as_deref();
        for address in complete.into_iter().chain([said.verification_uri.as_str()]) {
            // A password will be typed there.
            Endpoint::parse(address).map_err(|why| {
                Error::misconfigured(format!("the provider's sign-in page cannot be used: {why}"))
                    .with_hint("ask whoever runs the provider to give an `https` address for it")
            })?;
        }
        Ok(authorization)
    }

    /// Asks until the human has decided or the code has ended.
    ///
    /// A device code is redeemed by the same request that asks whether it can be. So after a request
    /// that may have reached the provider, and whose answer never came, it is not sent again: it may
    /// have been the one that redeemed the code, and the second redemption of a code makes a
    /// provider revoke all that it granted. A request that found no connection was not sent.
    async fn poll(&self, poll: &Poll<'_>, mut pace: Pace) -> Result<(Grant, SystemTime), Error> {
        let settings = self.settings;
        loop {
            let left = poll.ends_at.duration_since(self.request.now()).unwrap_or_default();
            tokio::time::sleep(pace.wait().min(left)).await;
            let asked_at = self.request.now();
            if asked_at >= poll.ends_at {
                return Err(settings.needs_login("nobody signed in before the code ended"));
            }
            let answer = match self.redeem(poll).await {
                Ok(answer) => answer,
                Err(Failure { error, sent: true }) => return Err(self.lost(&error)),
                Err(failure) if failure.error.kind() == ErrorKind::Transient => {
                    pace.unavailable(None);
                    continue;
                }
                Err(failure) => return Err(failure.error),
            };
            match answer.verdict() {
                Verdict::Good => {
                    let grant = answer.document(settings).map_err(|error| self.lost(&error))?;
                    return Ok((grant, asked_at));
                }
                Verdict::Refused(Code::AuthorizationPending) => pace.pending(),
                Verdict::Refused(Code::SlowDown) => pace.slow_down(),
                Verdict::Refused(Code::AccessDenied) => {
                    let because = answer.because();
                    return Err(Error::denied(format!("the sign-in was declined{because}"))
                        .with_hint(format!("to start anew, run {}", settings.login_command())));
                }
                Verdict::Refused(Code::ExpiredToken) => {
                    return Err(settings.needs_login("nobody signed in before the code ended"));
                }
                Verdict::Refused(Code::InvalidGrant) => {
                    let because = answer.because();
                    return Err(settings
                        .needs_login(format!("the provider knows the code no more{because}")));
                }
                _ if answer.may_hide_a_grant() => {
                    return Err(self.lost(&answer.error(settings)));
                }
                Verdict::Unavailable => pace.unavailable(answer.retry_after),
                Verdict::Refused(_) | Verdict::Foreign => return Err(answer.error(settings)),
            }
        }
    }

    async fn redeem(&self, poll: &Poll<'_>) -> Result<crate::answer::Answer, Failure> {
        let mut form = Form::default()
            .with("grant_type", "urn:ietf:params:oauth:grant-type:device_code")
            .with_secret("device_code", poll.device_code);
        for resource in &self.settings.resources {
            form = form.with("resource", resource);
        }
        let in_form = poll.endpoints.secret_in_form;
        self.post(poll.endpoint, form, poll.client_secret, in_form).await
    }

    fn lost(&self, error: &Error) -> Error {
        self.settings.needs_login(format!(
            "an answer got lost that may have been the sign-in, and the code works only once: {error}"
        ))
    }
}

/// The standard demands that a provider says it.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);
