//! One attempt.

use std::time::SystemTime;

use api_key_helper_core::{Credential, Error, FetchRequest, Secret, SecretInput};

use crate::answer::{Answer, Verdict};
use crate::claims::Claims;
use crate::client::Client;
use crate::config::Settings;
use crate::grant::Secrets;
use crate::refusal::Code;
use crate::spent::{ROTATION, Spent, spent};
use crate::terms::Proof;

/// What one attempt works with.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    settings: &'a Settings,
    request: FetchRequest<'a>,
    client: Client<'a>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(settings: &'a Settings, request: FetchRequest<'a>) -> Self {
        Self { settings, request, client: Client { settings, request } }
    }

    /// Trades the token in.
    pub(crate) async fn fetch(self) -> Result<Credential, Error> {
        let before = self.request.renewal().map(Spent::read).unwrap_or_default();
        let secrets = self.secrets(&before).await?;
        let asked_at = self.request.now();
        let answer = self.send(&secrets, &before).await?;
        let claims = Claims::of(&secrets.token);
        let told = claims.told(self.request.now());
        if answer.verdict(self.settings) == Verdict::Refused(Code::InvalidToken) {
            if claims.have_ended(asked_at) {
                return Err(self.ended(&answer, &told));
            }
            if self.settings.grant.uses_up() && before.is(&secrets.token) {
                self.keep(&before.refused()).await;
                return Err(self.spent(&format!("{}{told}", answer.because())));
            }
        }
        answer.credential(self.settings, asked_at, &told)
    }

    pub(crate) async fn server_time(&self) -> Result<Option<SystemTime>, Error> {
        Ok(self.client.server_time().await?)
    }

    /// What the request is made of.
    async fn secrets(&self, before: &Spent) -> Result<Secrets, Error> {
        let grant = &self.settings.grant;
        let proof = grant.terms().and_then(|terms| terms.proof.as_ref());
        Ok(Secrets {
            token: self.token(before).await?,
            actor: self.resolved(grant.actor()).await?,
            client: self.resolved(proof.map(Proof::input)).await?,
        })
    }

    /// A token that was not sent before, where there is one.
    async fn token(&self, before: &Spent) -> Result<Secret, Error> {
        let input = &self.settings.token;
        let token = self.request.resolve(input).await?;
        if !self.settings.grant.uses_up() || !before.is(&token) {
            return Ok(token);
        }
        let token = self.request.resolve_anew(input, &token).await?;
        if before.is(&token) && before.is_refused() {
            return Err(self.spent(&Claims::of(&token).told(self.request.now())));
        }
        // Not every server minds: so one that is sent twice is tried.
        Ok(token)
    }

    async fn resolved(&self, input: Option<&SecretInput>) -> Result<Option<Secret>, Error> {
        match input {
            Some(input) => self.request.resolve(input).await.map(Some),
            None => Ok(None),
        }
    }

    /// Sends the request once it is kept that the token is spent. That is taken back where the token
    /// has brought nothing and is as good as before, because nobody has read it, or it is refused for
    /// what it is. Otherwise each attempt of an outage would ask the token's own issuer for another
    /// one, and the next refusal would pass for that of a spent one.
    async fn send(&self, secrets: &Secrets, before: &Spent) -> Result<Answer, Error> {
        if !self.settings.grant.uses_up() {
            return Ok(self.client.post(secrets).await?);
        }
        self.keep(&Spent::by(&secrets.token)).await;
        let answer = self.client.post(secrets).await;
        let is_spent = match &answer {
            Ok(answer) => !answer.leaves_the_token(self.settings),
            Err(failure) => failure.sent,
        };
        if !is_spent {
            self.keep(before).await;
        }
        Ok(answer?)
    }

    /// Makes it durable. A disk that refuses is no reason to go without a key: it costs a refusal when
    /// the same token is sent again by another process.
    async fn keep(&self, spent: &Spent) {
        let _ = self.request.keep(&spent.to_secret()).await;
    }

    fn spent(&self, because: &str) -> Error {
        spent(&self.settings.endpoint, &self.settings.token, because)
    }

    /// A token that has ended says nothing against the key that an earlier one has brought.
    fn ended(&self, answer: &Answer, told: &str) -> Error {
        let from = &answer.0.from;
        Error::transient(format!("`{from}` refused the `token`{}{told}", answer.because()))
            .with_hint("see that whoever makes the token makes a new one in time, and this clock")
            .with_retry_after(ROTATION)
    }
}
