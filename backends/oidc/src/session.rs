//! One attempt: what each way to a token does with the provider and with the login that is kept.

use std::time::SystemTime;

use api_key_helper_backend::{Attempt, Credential, Error, Secret, document, text};
use api_key_helper_http::{Failure, Form};

use crate::answer::{Answer, WORDS};
use crate::client::{Client, Proof};
use crate::config::Settings;
use crate::endpoint::{Endpoint, Endpoints};
use crate::flow::KeyToken;
use crate::grant::Grant;
use crate::jwks::PublicKey;
use crate::renewal::{Renewal, Standing};
use crate::{id_token, metadata};

/// What one attempt works with.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) attempt: &'a dyn Attempt,
    pub(crate) client: Client<'a>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(settings: &'a Settings, attempt: &'a dyn Attempt) -> Self {
        Self { settings, attempt, client: Client { route: &settings.route, attempt } }
    }

    pub(crate) async fn client_secret(&self) -> Result<Option<Secret>, Error> {
        match &self.settings.client_secret {
            Some(input) => self.attempt.resolve_as(input, text::Form::Line).await.map(Some),
            None => Ok(None),
        }
    }

    /// The provider's endpoints for a first token: those by hand, and where they do not suffice,
    /// those that it publishes.
    pub(crate) async fn endpoints(&self) -> Result<Endpoints, Error> {
        let settings = self.settings;
        let by_hand = settings.by_hand.clone();
        match &settings.issuer {
            Some(issuer) if !by_hand.suffice(settings.flow, settings.key) => {
                Ok(by_hand.or(&metadata::discover(&self.client, issuer, settings).await?))
            }
            _ => Ok(by_hand),
        }
    }

    /// The time by the provider's clock. Its metadata is public; without an issuer, the clock that
    /// counts is that of the server where tokens are redeemed.
    pub(crate) async fn server_time(&self) -> Result<Option<SystemTime>, Error> {
        let settings = self.settings;
        let metadata = settings
            .issuer
            .as_ref()
            .and_then(|issuer| metadata::addresses(&issuer.address).into_iter().next());
        match metadata.or_else(|| settings.by_hand.token.clone()) {
            Some(endpoint) => Ok(self.client.server_time(&endpoint).await?),
            None => Ok(None),
        }
    }

    /// Sends `form` with what says who the client is.
    pub(crate) async fn post(
        &self,
        endpoint: &Endpoint,
        form: Form,
        secret: Option<&Secret>,
        secret_in_form: bool,
    ) -> Result<Answer, Failure> {
        let id = &self.settings.client_id;
        match secret {
            Some(secret) if !secret_in_form => {
                self.client.post(endpoint, form, &Proof::Basic(id, secret)).await
            }
            Some(secret) => {
                let form = form.with("client_id", id).with_secret("client_secret", secret);
                self.client.post(endpoint, form, &Proof::Form).await
            }
            None => self.client.post(endpoint, form.with("client_id", id), &Proof::Form).await,
        }
    }

    /// Makes the renewal durable. A disk that refuses is no reason to go without a key: the renewal
    /// goes with the credential too, and the engine says so when it cannot save that.
    pub(crate) async fn store(&self, renewal: &Renewal) {
        let _ = self.attempt.store_renewal(&renewal.to_secret()).await;
    }

    /// Makes a sign-in durable before its key is checked, where it lives on without that key. Any
    /// other is saved with its key: a sign-in that fails must not replace one that works.
    pub(crate) async fn keep_alive(&self, renewal: &Renewal) {
        if matches!(renewal.standing, Standing::Alive { .. }) {
            self.store(renewal).await;
        }
    }

    /// What a grant, which was asked for at `asked_at` and is kept by now, comes to.
    pub(crate) async fn credential(
        &self,
        grant: &Grant,
        renewal: &Renewal,
        endpoints: &Endpoints,
        asked_at: SystemTime,
    ) -> Result<Credential, Error> {
        let (token, expires_at) = match self.settings.key {
            KeyToken::AccessToken => (grant.access_token()?, grant.key_expires_at(asked_at)?),
            KeyToken::IdToken => {
                let subject = renewal.subject.as_deref();
                let (token, end) = self.verified_id_token(grant, endpoints, subject).await?;
                (token, Some(end))
            }
        };
        let renewal = Some(renewal.to_secret());
        Ok(token_credential(token, expires_at)?.with_renewal(renewal))
    }

    /// The ID token of `grant` and its end, if the provider signed it for us.
    async fn verified_id_token<'g>(
        &self,
        grant: &'g Grant,
        endpoints: &Endpoints,
        subject: Option<&str>,
    ) -> Result<(&'g Secret, SystemTime), Error> {
        let settings = self.settings;
        let token = grant.id_token.as_ref().ok_or_else(|| {
            Error::misconfigured("the provider gave no ID token").with_hint(
                "not every provider gives one when it renews: try `key = \"access_token\"`",
            )
        })?;
        let address = settings.required(endpoints.jwks.as_ref(), "jwks_uri")?;
        let answer = self.client.get(address).await?;
        let keys = PublicKey::all(&answer.fields(settings)?)
            .ok_or_else(|| answer.0.lacks("keys", &WORDS))?;
        let end = id_token::verify(token, &keys, settings, subject, self.attempt.now())?;
        Ok((token, end))
    }
}

/// A credential whose key is `token`.
pub(crate) fn token_credential(
    token: &Secret,
    expires_at: Option<SystemTime>,
) -> Result<Credential, Error> {
    let key = document::key_alone(token.expose()).map_err(|error| {
        Error::misconfigured(format!("the provider's token cannot be a key: {error}"))
            .with_hint(error.hint().unwrap_or("ask for fewer `scopes`, or see `key` of the source"))
    })?;
    Ok(Credential::new(key).with_expires_at(expires_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_that_is_no_key_is_explained() {
        let other = "ask for fewer `scopes`, or see `key` of the source";
        for (token, why, hint) in [
            ("null", "it is `null`", "check the program that writes it: it had no key"),
            ("\"hunter2\"", "it is in quotes", "write the key without quotes"),
            ("{\"token\":\"hunter2\"}", "it is a JSON object", other),
        ] {
            let error = token_credential(&Secret::from(token), None).unwrap_err();
            assert!(error.message().ends_with(why), "{error}");
            assert_eq!(error.hint(), Some(&hint.into()));
            assert!(!error.report().contains("hunter2"), "{}", error.report());
        }
        let token = Secret::from("\u{feff}at-1\r\n");
        assert_eq!(token_credential(&token, None).unwrap().key.expose(), "at-1");
    }
}
