//! Sends the one request, and reads its whole answer.

use std::time::SystemTime;

use api_key_helper_core::{Error, FetchRequest};
use api_key_helper_http::{self as http, Failure, oauth, pem};
use reqwest::header::ACCEPT;

use crate::answer::Answer;
use crate::config::Settings;
use crate::grant::Secrets;
use crate::words::{TLS_HINT, WORDS};

/// Sends requests within the time of one attempt.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) request: FetchRequest<'a>,
}

impl Client<'_> {
    /// Trades the token in.
    pub(crate) async fn post(&self, secrets: &Secrets) -> Result<Answer, Failure> {
        let endpoint = &self.settings.endpoint;
        let time = http::time(self.request.time_left());
        let client = self.open().map_err(Failure::unsent)?;
        let request = client.post(endpoint.url().clone()).header(ACCEPT, "application/json");
        let (request, hidden) = self.settings.grant.body_of(request, secrets);
        oauth::Answer::to(request, hidden, endpoint, time, &self.request, &WORDS).await.map(Answer)
    }

    /// The time by the clock of whoever answers there, whatever that is.
    pub(crate) async fn server_time(&self) -> Result<Option<SystemTime>, Failure> {
        let endpoint = &self.settings.endpoint;
        let time = http::time(self.request.time_left());
        let request = self.open().map_err(Failure::unsent)?.get(endpoint.url().clone());
        Ok(http::server_time(&http::send(request, endpoint, time, &WORDS).await?))
    }

    fn open(&self) -> Result<reqwest::Client, Error> {
        let Settings { endpoint, ca_file, .. } = &self.settings;
        // Before the time of the whole request is over: then it is known that nothing was sent.
        let time = http::time(self.request.time_left()).mul_f64(0.8);
        let mut builder = http::client(endpoint).connect_timeout(time);
        if endpoint.is_https() {
            let roots = ca_file.as_deref().map(pem::authorities).transpose();
            let roots = roots.map_err(|error| error.with_hint(TLS_HINT))?;
            builder = builder.tls_certs_merge(roots.unwrap_or_default());
        }
        http::build(builder, TLS_HINT)
    }
}
