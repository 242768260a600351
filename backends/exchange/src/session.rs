//! One attempt.

use std::time::SystemTime;

use api_key_helper_backend::text::Form;
use api_key_helper_backend::{Attempt, Credential, Error, Secret, SecretInput};
use api_key_helper_http::{self as http, Failure, oauth};
use reqwest::header::ACCEPT;

use crate::answer::{Answer, Verdict, WORDS};
use crate::claims::Claims;
use crate::config::Settings;
use crate::grant::Secrets;
use crate::refusal::Code;
use crate::sent_token::{ROTATION, SentToken, spent};
use crate::terms::Proof;

/// What one attempt works with.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    settings: &'a Settings,
    attempt: &'a dyn Attempt,
}

impl<'a> Session<'a> {
    pub(crate) fn new(settings: &'a Settings, attempt: &'a dyn Attempt) -> Self {
        Self { settings, attempt }
    }

    /// Trades the token in.
    pub(crate) async fn fetch(self) -> Result<Credential, Error> {
        let before = self.attempt.renewal().map(SentToken::read).unwrap_or_default();
        let secrets = self.secrets(&before).await?;
        let asked_at = self.attempt.now();
        let answer = self.send(&secrets, &before).await?;
        let claims = Claims::of(&secrets.token);
        let told = claims.told(self.attempt.now());
        if answer.verdict(self.settings) == Verdict::Refused(Code::InvalidToken) {
            if claims.have_ended(asked_at) {
                return Err(self.ended(&answer, &told));
            }
            if self.settings.grant.uses_up() && before.is(&secrets.token) {
                self.store(&before.refused()).await;
                return Err(self.spent(&format!("{}{told}", answer.because())));
            }
        }
        answer.credential(self.settings, asked_at, &told)
    }

    /// The time by the clock of the server at the token endpoint, whatever its answer is.
    pub(crate) async fn server_time(&self) -> Result<Option<SystemTime>, Error> {
        let endpoint = &self.settings.endpoint;
        let time = http::time(self.attempt.time_left());
        let client = self.open()?;
        let request = client.get(endpoint.url().clone());
        Ok(http::server_time(&client.send(request, endpoint, time, &WORDS).await?))
    }

    /// What the request is made of.
    async fn secrets(&self, before: &SentToken) -> Result<Secrets, Error> {
        let grant = &self.settings.grant;
        let proof = grant.terms().and_then(|terms| terms.proof.as_ref());
        Ok(Secrets {
            token: self.token(before).await?,
            actor: self.resolved(grant.actor()).await?,
            client: self.resolved(proof.map(Proof::input)).await?,
        })
    }

    /// A token that was not sent before, where there is one.
    async fn token(&self, before: &SentToken) -> Result<Secret, Error> {
        let input = &self.settings.token;
        let token = self.attempt.resolve_as(input, Form::Line).await?;
        if !self.settings.grant.uses_up() || !before.is(&token) {
            return Ok(token);
        }
        let token = self.attempt.resolve_again(input, &token).await?;
        let token = input.checked(token, Form::Line)?;
        if before.is(&token) && before.is_refused() {
            return Err(self.spent(&Claims::of(&token).told(self.attempt.now())));
        }
        // Not every server minds: so one that is sent twice is tried.
        Ok(token)
    }

    async fn resolved(&self, input: Option<&SecretInput>) -> Result<Option<Secret>, Error> {
        match input {
            Some(input) => self.attempt.resolve_as(input, Form::Line).await.map(Some),
            None => Ok(None),
        }
    }

    /// Sends the request once it is kept that the token is spent. That is taken back where the
    /// token has brought nothing and is as good as before, because no server has read it, or it is
    /// refused for what it is. Otherwise each attempt of an outage would ask the token's own issuer
    /// for another one, and the next refusal would pass for that of a spent one.
    async fn send(&self, secrets: &Secrets, before: &SentToken) -> Result<Answer, Error> {
        if !self.settings.grant.uses_up() {
            return Ok(self.post(secrets).await?);
        }
        self.store(&SentToken::of(&secrets.token)).await;
        let answer = self.post(secrets).await;
        let is_spent = match &answer {
            Ok(answer) => !answer.leaves_the_token(self.settings),
            Err(failure) => failure.sent,
        };
        if !is_spent {
            self.store(before).await;
        }
        Ok(answer?)
    }

    /// Sends the one request, and reads its whole answer.
    async fn post(&self, secrets: &Secrets) -> Result<Answer, Failure> {
        let endpoint = &self.settings.endpoint;
        let time = http::time(self.attempt.time_left());
        let client = self.open().map_err(Failure::unsent)?;
        let request = client.post(endpoint.url().clone()).header(ACCEPT, "application/json");
        let (request, hidden) = self.settings.grant.body_of(request, secrets);
        let mut answer =
            oauth::Answer::to(&client, request, hidden, endpoint, time, self.attempt, &WORDS)
                .await?;
        if self.settings.grant.terms().is_none() {
            // There is no client that could be refused.
            answer.challenge = None;
        }
        Ok(Answer(answer))
    }

    fn open(&self) -> Result<http::Client, Error> {
        let Settings { endpoint, route, .. } = &self.settings;
        // Before the time of the whole request is over: then it is known that nothing was sent.
        let time = http::time(self.attempt.time_left()).mul_f64(0.8);
        route.client(endpoint, time, self.attempt)
    }

    /// Makes it durable. A disk that refuses is no reason to go without a key: it costs a refusal
    /// when the same token is sent again by another process.
    async fn store(&self, spent: &SentToken) {
        let _ = self.attempt.store_renewal(&spent.to_secret()).await;
    }

    fn spent(&self, because: &str) -> Error {
        spent(&self.settings.endpoint, &self.settings.token, because)
    }

    /// A token that has ended says nothing against the key that an earlier one has brought.
    fn ended(&self, answer: &Answer, told: &str) -> Error {
        let from = &answer.0.from;
        Error::transient(format!("`{from}` refused the `token`{}{told}", answer.because()))
            .with_hint("let the issuer make a new token in time, and compare this machine's clock")
            .with_retry_after(ROTATION)
    }
}
