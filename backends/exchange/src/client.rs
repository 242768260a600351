//! Sends the one request, and reads its whole answer.

use std::time::SystemTime;

use api_key_helper_core::{Error, FetchRequest};
use api_key_helper_http::{self as http, Failure, pem};
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
        let response = http::send(request, endpoint, time, &WORDS).await?;
        let status = response.status();
        if status.is_redirection() {
            let error = Error::misconfigured(format!("`{endpoint}` redirects ({status})"));
            return Err(Failure::unsent(error.with_hint(
                "no token follows a redirect: write the address that it leads to into \
                 `token_endpoint`",
            )));
        }
        let retry_after = http::retry_after(&response, self.request.now());
        let body = http::body(response, endpoint, time, &WORDS).await?;
        Ok(Answer { status: status.as_u16(), body, retry_after, from: endpoint.clone(), hidden })
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
