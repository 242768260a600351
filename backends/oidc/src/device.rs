//! A login by the device flow (RFC 8628).

use std::time::Duration;

use api_key_helper_core::{Credential, DeviceCode, Error, Prompt, Secret};
use serde::Deserialize;

use crate::client::Form;
use crate::discovery::Endpoints;
use crate::endpoint::Endpoint;
use crate::grant;
use crate::pace::Pace;
use crate::redemption::Redemption;
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

impl Session<'_> {
    /// Lets a human sign in by a code, wherever their browser is.
    pub(crate) async fn login_by_code(self, prompt: &dyn Prompt) -> Result<Credential, Error> {
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

        let form = || {
            let form = Form::default()
                .with("grant_type", "urn:ietf:params:oauth:grant-type:device_code")
                .with_secret("device_code", &authorization.device_code);
            settings.at_resources(form)
        };
        let redemption = Redemption {
            endpoint: token_endpoint,
            secret_in_form: endpoints.secret_in_form,
            client_secret: client_secret.as_ref(),
            form: &form,
            ends_at,
        };
        let pace = Pace::new(authorization.interval);
        let (grant, asked_at) = self.redeem(&redemption, pace).await?;
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
        let form = settings.wanting(Form::default());
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
}

/// The standard demands that a provider says it.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);
