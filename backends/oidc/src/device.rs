//! A login by the device flow (RFC 8628).

use std::time::Duration;

use api_key_helper_core::renewal::secret;
use api_key_helper_core::{Credential, DeviceCode, Error, Prompt, Secret};
use api_key_helper_http::optional_seconds;
use serde::Deserialize;

use crate::client::Form;
use crate::discovery::Endpoints;
use crate::endpoint::Endpoint;
use crate::pace::Pace;
use crate::redemption::Redemption;
use crate::renewal::Renewal;
use crate::session::Session;

/// What the provider answers to the device's request (section 3.2).
#[derive(Deserialize)]
struct Authorization {
    #[serde(deserialize_with = "secret::deserialize")]
    device_code: Secret,
    user_code: String,
    /// The other name is Google's, which is older than the standard.
    #[serde(alias = "verification_url")]
    verification_uri: String,
    verification_uri_complete: Option<String>,
    #[serde(default, deserialize_with = "optional_seconds")]
    expires_in: Option<Duration>,
    #[serde(default, deserialize_with = "optional_seconds")]
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
        answer.document::<Authorization>(settings)?.checked()
    }
}

impl Authorization {
    /// The same as it may be shown, and handed to a browser.
    fn checked(mut self) -> Result<Self, Error> {
        self.user_code.retain(|c| !c.is_control());
        // A password will be typed there. It is spelled anew, and so without quotes and spaces, which
        // mean something on the way to a browser, and without letters that look like others.
        let page = |address: &str| {
            Endpoint::parse(address).map(String::from).map_err(|why| {
                Error::misconfigured(format!("the provider's sign-in page cannot be used: {why}"))
                    .with_hint("ask whoever runs the provider to give an `https` address for it")
            })
        };
        self.verification_uri = page(&self.verification_uri)?;
        self.verification_uri_complete =
            self.verification_uri_complete.as_deref().map(page).transpose()?;
        Ok(self)
    }
}

/// The standard demands that a provider says it.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(address: &str, complete: Option<&str>) -> Result<Authorization, Error> {
        let said: Authorization = serde_json::from_value(json!({
            "device_code": "canary", "user_code": "AB\u{1b}CD", "verification_uri": address,
            "verification_uri_complete": complete,
        }))
        .unwrap();
        said.checked()
    }

    #[test]
    fn a_page_is_spelled_as_a_browser_reads_it() {
        let complete = "https://idp\u{435}.example.com/a b\u{1b}?c=\"&calc";
        let said = checked("\thttps://idp.example.com/device", Some(complete)).unwrap();
        assert_eq!(said.user_code, "ABCD");
        assert_eq!(said.verification_uri, "https://idp.example.com/device");
        assert_eq!(
            said.verification_uri_complete.as_deref(),
            Some("https://xn--idp-tdd.example.com/a%20b%1B?c=%22&calc")
        );
    }

    #[test]
    fn no_password_is_typed_into_plain_http() {
        for (address, complete) in [
            ("http://idp.example.com/device", None),
            ("https://idp.example.com/device", Some("http://idp.example.com/device?code=AB")),
            ("--version", None),
        ] {
            let error = checked(address, complete).map(|_| ()).unwrap_err();
            let says = "the provider's sign-in page cannot be used: ";
            assert!(error.message().starts_with(says), "{error}");
        }
    }
}
