//! Sends one request to a provider, and reads its whole answer.

use std::time::Duration;

use api_key_helper_core::{Error, FetchRequest, Secret};
use reqwest::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, redirect};
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::answer::{self, Answer};
use crate::endpoint::Endpoint;
use crate::failure::{Failure, cause};
use crate::tls::Tls;

/// Sends requests within the time of one attempt. Each has a connection of its own: one that was
/// kept may have died unseen, and a request that is written into it is one of which nobody knows
/// whether the provider read it.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    pub(crate) tls: &'a Tls,
    pub(crate) request: FetchRequest<'a>,
}

/// The parameters of a request, form-encoded.
#[derive(Default)]
pub(crate) struct Form {
    text: Zeroizing<String>,
    /// Values that no message may show.
    hidden: Vec<Secret>,
}

/// How the client proves to a provider who it is (RFC 6749, section 2.3).
#[derive(Debug)]
pub(crate) enum Proof<'a> {
    /// In the `Authorization` header.
    Basic(&'a str, &'a Secret),
    /// By the form alone.
    Form,
}

impl Form {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        form_urlencoded::Serializer::new(&mut *self.text).append_pair(name, value);
        self
    }

    pub(crate) fn with_secret(mut self, name: &str, secret: &Secret) -> Self {
        self.hidden.push(secret.clone());
        self.with(name, secret.expose())
    }
}

impl Client<'_> {
    pub(crate) async fn get(&self, endpoint: &Endpoint) -> Result<Answer, Failure> {
        let http = self.open(endpoint).map_err(Failure::unsent)?;
        self.send(endpoint, http.get(endpoint.url().clone()), Vec::new()).await
    }

    pub(crate) async fn post(
        &self,
        endpoint: &Endpoint,
        form: Form,
        proof: &Proof<'_>,
    ) -> Result<Answer, Failure> {
        let http = self.open(endpoint).map_err(Failure::unsent)?;
        let mut hidden = form.hidden;
        let mut request = http
            .post(endpoint.url().clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.text.as_bytes().to_vec());
        if let Proof::Basic(id, secret) = proof {
            let encoded = |text: &str| Zeroizing::new(encode(text));
            request =
                request.basic_auth(encoded(id).as_str(), Some(encoded(secret.expose()).as_str()));
            hidden.push((*secret).clone());
        }
        self.send(endpoint, request, hidden).await
    }

    async fn send(
        &self,
        endpoint: &Endpoint,
        request: RequestBuilder,
        hidden: Vec<Secret>,
    ) -> Result<Answer, Failure> {
        let time = self.time();
        let failed = |error: &reqwest::Error| Failure::on_the_way(endpoint, time, error);
        let request = request.header(ACCEPT, "application/json").timeout(time);
        let response = request.send().await.map_err(|error| failed(&error))?;
        let status = response.status();
        if status.is_redirection() {
            let error = Error::misconfigured(format!("`{endpoint}` redirects ({status})"));
            return Err(Failure::unsent(error.with_hint(
                "no token follows a redirect: write the address that it leads to into the source",
            )));
        }
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| answer::retry_after(value.to_str().ok()?, self.request.now()));
        let body = match body(response).await {
            Ok(Some(body)) => body,
            Ok(None) => {
                let error = Error::transient(format!("`{endpoint}` sends more than 1 MiB"));
                return Err(Failure::lost(error));
            }
            Err(error) => return Err(Failure { sent: true, ..failed(&error) }),
        };
        Ok(Answer { status: status.as_u16(), body, retry_after, from: endpoint.clone(), hidden })
    }

    /// The time of one request: a little is kept, so that the attempt ends with our error, and what
    /// there is to keep is kept.
    fn time(&self) -> Duration {
        let left = self.request.time_left();
        (left - (left / 10).min(RESERVE)).min(LONGEST_REQUEST)
    }

    fn open(&self, endpoint: &Endpoint) -> Result<reqwest::Client, Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("api-key-helper/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            // Before the time of the whole request is over: then it is known that nothing was sent.
            .connect_timeout(self.time().mul_f64(0.8));
        if endpoint.is_loopback() {
            builder = builder.no_proxy();
        }
        builder = if endpoint.is_https() {
            self.tls.apply(builder)?
        } else {
            // No roots are read that nothing is checked against.
            builder.tls_certs_only([])
        };
        builder.build().map_err(|error| {
            Error::misconfigured(format!("the TLS settings cannot be used: {}", cause(&error)))
                .with_hint("see `ca_file` of the source")
        })
    }
}

fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The whole body, or `None` when it is too long.
async fn body(mut response: Response) -> Result<Option<Zeroizing<Vec<u8>>>, reqwest::Error> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// The longest time of one request, however much the attempt has: a login has minutes.
const LONGEST_REQUEST: Duration = Duration::from_secs(10);

const RESERVE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_encoded() {
        let form = Form::default()
            .with("scope", "openid a+b&c=d")
            .with_secret("refresh_token", &Secret::from("r/1"));
        assert_eq!(form.text.as_str(), "scope=openid+a%2Bb%26c%3Dd&refresh_token=r%2F1");
        assert!(!format!("{:?}", form.hidden).contains("r/1"));
    }
}
