//! One attempt.

use std::time::SystemTime;

use api_key_helper_core::{Credential, Error, FetchRequest, Key, Secret};
use api_key_helper_http::Failure;

use crate::answer::Answer;
use crate::client::{Client, Form, Proof};
use crate::config::{Settings, Wanted};
use crate::discovery::Endpoints;
use crate::endpoint::Endpoint;
use crate::grant::Grant;
use crate::renewal::Renewal;

/// What one attempt works with.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) request: FetchRequest<'a>,
    pub(crate) client: Client<'a>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(settings: &'a Settings, request: FetchRequest<'a>) -> Self {
        Self { settings, request, client: Client { tls: &settings.tls, request } }
    }

    pub(crate) async fn client_secret(&self) -> Result<Option<Secret>, Error> {
        match &self.settings.client_secret {
            Some(input) => self.request.resolve(input).await.map(Some),
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
    pub(crate) async fn keep(&self, renewal: &Renewal) {
        let _ = self.request.keep(&renewal.to_secret()).await;
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
            Wanted::AccessToken => (&grant.access_token, grant.key_expires_at(asked_at)),
            Wanted::IdToken => {
                let subject = renewal.subject.as_deref();
                let (token, end) = self.checked_id_token(grant, endpoints, subject).await?;
                (token, Some(end))
            }
        };
        let renewal = Some(renewal.to_secret());
        Ok(Credential { renewal, ..Self::keyed(token, expires_at)? })
    }

    /// A token as a key.
    pub(crate) fn keyed(
        token: &Secret,
        expires_at: Option<SystemTime>,
    ) -> Result<Credential, Error> {
        let key = Key::parse(token.expose()).map_err(|error| {
            Error::misconfigured(format!("the provider's token cannot be a key: {error}"))
                .with_hint("ask for fewer `scopes`, or see `key` of the source")
        })?;
        Ok(Credential { expires_at, ..Credential::new(key) })
    }
}
