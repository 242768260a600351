//! Sends one request to a provider, and reads its whole answer.

use std::time::{Duration, SystemTime};

use api_key_helper_backend::{Attempt, Error, Secret};
use api_key_helper_http::{self as http, Failure, Form, Route, oauth};
use reqwest::RequestBuilder;
use reqwest::header::ACCEPT;

use crate::answer::{Answer, WORDS};
use crate::endpoint::Endpoint;

/// Sends requests within the time of one attempt. Each has a connection of its own: one that was
/// kept may have died unseen, and a request that is written into it may or may not have been read
/// by the provider.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    pub(crate) route: &'a Route,
    pub(crate) attempt: &'a dyn Attempt,
}

/// How the client proves to a provider who it is (RFC 6749, section 2.3).
#[derive(Debug)]
pub(crate) enum Proof<'a> {
    /// In the `Authorization` header.
    Basic(&'a str, &'a Secret),
    /// By the form alone.
    Form,
}

impl Client<'_> {
    pub(crate) async fn get(&self, endpoint: &Endpoint) -> Result<Answer, Failure> {
        let client = self.open(endpoint).map_err(Failure::unsent)?;
        let request = client.get(endpoint.url().clone());
        let mut answer = self.send(&client, endpoint, request, Vec::new()).await?;
        // Nothing was sent that says who asks, so nothing of it was refused.
        answer.0.challenge = None;
        Ok(answer)
    }

    /// The time by the clock of the server that answers at `endpoint`, whatever the answer is.
    pub(crate) async fn server_time(
        &self,
        endpoint: &Endpoint,
    ) -> Result<Option<SystemTime>, Failure> {
        let client = self.open(endpoint).map_err(Failure::unsent)?;
        let request = client.get(endpoint.url().clone());
        let response = client.send(request, endpoint, self.time(), &WORDS).await?;
        Ok(http::server_time(&response))
    }

    pub(crate) async fn post(
        &self,
        endpoint: &Endpoint,
        form: Form,
        proof: &Proof<'_>,
    ) -> Result<Answer, Failure> {
        let client = self.open(endpoint).map_err(Failure::unsent)?;
        let (mut request, mut hidden) = form.body_of(client.post(endpoint.url().clone()));
        if let Proof::Basic(id, secret) = proof {
            request = http::basic_auth(request, id, secret);
            hidden.push((*secret).clone());
        }
        self.send(&client, endpoint, request, hidden).await
    }

    async fn send(
        &self,
        client: &http::Client,
        endpoint: &Endpoint,
        request: RequestBuilder,
        hidden: Vec<Secret>,
    ) -> Result<Answer, Failure> {
        let time = self.time();
        let request = request.header(ACCEPT, "application/json");
        let from = endpoint.as_ref();
        oauth::Answer::to(client, request, hidden, from, time, self.attempt, &WORDS)
            .await
            .map(Answer)
    }

    /// The time of one request.
    fn time(&self) -> Duration {
        http::time(self.attempt.time_left()).min(LONGEST_REQUEST)
    }

    fn open(&self, endpoint: &Endpoint) -> Result<http::Client, Error> {
        // Before the time of the whole request is over: then it is known that nothing was sent.
        self.route.client(endpoint.as_ref(), self.time().mul_f64(0.8), self.attempt)
    }
}

/// The longest time of one request, however much the attempt has: a login has minutes.
const LONGEST_REQUEST: Duration = Duration::from_secs(10);
