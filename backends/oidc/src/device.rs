//! A login by the device flow (RFC 8628).

use std::time::Duration;

use api_key_helper_backend::text::plain;
use api_key_helper_backend::{Credential, DeviceCode, Error, Prompt, Secret};
use api_key_helper_http::Form;

use crate::answer::{Answer, WORDS};
use crate::config::Settings;
use crate::endpoint::{Endpoint, Endpoints};
use crate::redemption::{Pace, Redemption};
use crate::renewal::Renewal;
use crate::session::Session;

/// Lets the user sign in by a code, wherever their browser is.
pub(crate) async fn login(session: Session<'_>, prompt: &dyn Prompt) -> Result<Credential, Error> {
    let settings = session.settings;
    // Without room to keep it, the user need not sign in.
    session.attempt.reserve_space().await?;
    let client_secret = session.client_secret().await?;
    let endpoints = session.endpoints().await?;
    let token_endpoint = settings.required(endpoints.token.as_ref(), "token_endpoint")?;

    let started_at = session.attempt.now();
    let authorization = authorize(&session, &endpoints, client_secret.as_ref()).await?;
    let lifetime = authorization.expires_in.unwrap_or(DEFAULT_LIFETIME);
    let ends_at = started_at.checked_add(lifetime).unwrap_or(started_at);
    let code = DeviceCode::new(&authorization.verification_uri, &authorization.user_code, ends_at)
        .with_complete_uri(authorization.verification_uri_complete.as_deref());
    prompt.show(&code).await;

    let form = || {
        let form = Form::default()
            .with("grant_type", "urn:ietf:params:oauth:grant-type:device_code")
            .with_secret("device_code", &authorization.device_code);
        settings.with_resources(form)
    };
    let redemption = Redemption {
        endpoint: token_endpoint,
        secret_in_form: endpoints.secret_in_form,
        client_secret: client_secret.as_ref(),
        form: &form,
        ends_at,
    };
    let pace = Pace::new(authorization.interval);
    let (grant, asked_at) = redemption.run(&session, pace).await?;
    let renewal = Renewal::signed_in(settings, &grant, endpoints.clone(), asked_at);
    session.keep_alive(&renewal).await;
    session.credential(&grant, &renewal, &endpoints, asked_at).await
}

async fn authorize(
    session: &Session<'_>,
    endpoints: &Endpoints,
    client_secret: Option<&Secret>,
) -> Result<DeviceAuthorization, Error> {
    let settings = session.settings;
    let endpoint = endpoints.device_authorization.as_ref();
    let endpoint = settings.required(endpoint, "device_authorization_endpoint")?;
    let form = settings.with_token_parameters(Form::default());
    let answer = session.post(endpoint, form, client_secret, endpoints.secret_in_form).await?;
    DeviceAuthorization::read(&answer, settings)?.checked()
}

/// The provider's answer to the device's request (section 3.2).
struct DeviceAuthorization {
    device_code: Secret,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: Option<Duration>,
    interval: Option<Duration>,
}

impl DeviceAuthorization {
    fn read(answer: &Answer, settings: &Settings) -> Result<Self, Error> {
        let fields = answer.fields(settings)?;
        let lacks = |name| answer.0.lacks(name, &WORDS);
        Ok(Self {
            device_code: fields.secret("device_code").ok_or_else(|| lacks("device_code"))?,
            user_code: fields.text("user_code").ok_or_else(|| lacks("user_code"))?,
            // The other name is Google's, which is older than the standard.
            verification_uri: fields
                .string("verification_uri")
                .or_else(|| fields.string("verification_url"))
                .ok_or_else(|| lacks("verification_uri"))?,
            verification_uri_complete: fields.string("verification_uri_complete"),
            expires_in: fields.seconds("expires_in"),
            interval: fields.seconds("interval"),
        })
    }

    /// The same as it may be shown, and handed to a browser.
    fn checked(mut self) -> Result<Self, Error> {
        self.user_code = plain(&self.user_code);
        // A password will be typed there. It is spelled again, and so without quotes and spaces,
        // which mean something on the way to a browser, and without letters that look like others.
        let page = |address: &str| {
            Endpoint::parse(address).map(String::from).map_err(|why| {
                Error::misconfigured(format!("the provider's sign-in page cannot be used: {why}"))
                    .with_hint("ask the provider's administrator for an `https` address")
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

    fn checked(address: &str, complete: Option<&str>) -> Result<DeviceAuthorization, Error> {
        let said = json!({
            "device_code": "canary", "user_code": "AB\u{1b}[1m\u{202e}CD\u{9b}7m", "verification_uri": address,
            "verification_uri_complete": complete,
        });
        read(&said.to_string())?.checked()
    }

    fn read(said: &str) -> Result<DeviceAuthorization, Error> {
        DeviceAuthorization::read(&Answer::for_tests(200, said), &Settings::for_tests())
    }

    #[test]
    fn device_answer_verification_uri_beats_verification_url() {
        let page = |rest: &str| {
            let said = read(&format!(r#"{{"device_code":"d","user_code":123,{rest}}}"#)).unwrap();
            assert_eq!(said.user_code, "123");
            said.verification_uri
        };
        let (new, old) =
            ("\"verification_uri\":\"https://i/new\"", "\"verification_url\":\"https://i/old\"");
        assert_eq!(page(&format!("{new},{old}")), "https://i/new");
        assert_eq!(page(&format!("{old},{new}")), "https://i/new");
        assert_eq!(page(old), "https://i/old");
        assert_eq!(page(&format!("\"verification_uri\":\"\",{old}")), "https://i/old");
    }

    #[test]
    fn device_answer_optional_field_of_another_type_is_ignored() {
        let required = r#""device_code":"d","user_code":"u","verification_uri":"https://i/v""#;
        for odd in ["null", "{}", "[7]", "true", "\"\""] {
            let said = read(&format!(
                r#"{{{required},"verification_uri_complete":{odd},"interval":{odd},"expires_in":{odd},
                "message":{odd}}}"#
            ));
            let said = said.unwrap();
            assert_eq!(said.verification_uri_complete, None, "{odd}");
            assert_eq!((said.interval, said.expires_in), (None, None), "{odd}");
        }
        let said = read(&format!(r#"{{{required},"interval":"7"}}"#)).unwrap();
        assert_eq!(said.interval, Some(Duration::from_secs(7)));
    }

    #[test]
    fn device_answer_required_field_that_is_invalid_is_named() {
        for name in ["device_code", "user_code", "verification_uri"] {
            let mut said = json!({
                "device_code": "d", "user_code": "u", "verification_uri": "https://i/v",
            });
            for odd in [json!(null), json!({}), json!([]), json!("")] {
                said[name] = odd;
                let error = read(&said.to_string()).map(|_| ()).unwrap_err();
                assert!(
                    error.message().ends_with(&format!("without a usable `{name}`")),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn device_verification_uri_is_shown_as_a_browser_reads_it() {
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
    fn device_verification_uri_in_plain_http_is_refused() {
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
