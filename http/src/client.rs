//! What sends requests.

use std::fmt;
use std::time::Duration;

use api_key_helper_backend::Error;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{ClientBuilder, Method, RequestBuilder, Response, redirect};
use url::Url;

use crate::proxy::{Proxy, Refusal, Way};
use crate::trust::unusable_settings;
use crate::{Failure, Unanswered, Words, cause};

/// Sends requests to one server, through its proxy if it has one.
#[derive(Clone, Debug)]
pub struct Client {
    inner: reqwest::Client,
    proxy: Option<Proxy>,
}

/// A client for the server at `url` by `way`, to which a backend adds its own settings. It follows
/// no redirect, for a secret goes only where it was sent.
///
/// # Errors
/// Misconfigured, when the proxy's address cannot be used.
pub fn client(url: &Url, way: &Way) -> Result<ClientBuilder, Error> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("api-key-helper/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        // Without it, a server may compress as it likes (RFC 9110, section 12.5.3).
        .default_headers(HeaderMap::from_iter([(
            ACCEPT_ENCODING,
            HeaderValue::from_static("identity"),
        )]))
        .http1_max_headers(MOST_HEADERS)
        .http2_max_header_list_size(LONGEST_HEAD);
    builder = match way {
        Way::Through(proxy) => builder.proxy(proxy.to_reqwest().map_err(|error| {
            Error::misconfigured(format!("{proxy} cannot be used: {}", cause(&error)))
                .with_hint(proxy.hint())
        })?),
        // Elsewhere, the client would read the variables once more, and otherwise.
        Way::System if cfg!(any(target_os = "macos", windows)) => builder,
        Way::System | Way::Direct => builder.no_proxy(),
    };
    // No roots are read that nothing is checked against.
    if url.scheme() != "https" && way.proxy().is_none() {
        builder = builder.tls_certs_only([]);
    }
    Ok(builder)
}

/// The client that goes by `way`, once all settings are there. What fails here is TLS's: `hint`
/// names its settings.
///
/// # Errors
/// Misconfigured, when they cannot be used.
pub fn build(builder: ClientBuilder, way: &Way, hint: &str) -> Result<Client, Error> {
    let inner = builder.build().map_err(|error| unusable_settings(&error).with_hint(hint))?;
    Ok(Client { inner, proxy: way.proxy().cloned() })
}

impl Client {
    /// The beginning of a request.
    pub fn get(&self, url: Url) -> RequestBuilder {
        self.inner.get(url)
    }

    /// The beginning of a request.
    pub fn post(&self, url: Url) -> RequestBuilder {
        self.inner.post(url)
    }

    /// The beginning of a request.
    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.inner.request(method, url)
    }

    /// Sends `request` to `address`, and waits for the answer to begin. All of it has to be there
    /// within `time`.
    ///
    /// # Errors
    /// See [`Failure::on_the_way`].
    pub async fn send(
        &self,
        request: RequestBuilder,
        address: &impl fmt::Display,
        time: Duration,
        words: &Words,
    ) -> Result<Response, Failure> {
        let sent = self.ask(request, time).await;
        sent.map_err(|error| Failure::on_the_way(address, time, &error, words))
    }

    /// The same for a backend that has words of its own.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn ask(
        &self,
        request: RequestBuilder,
        time: Duration,
    ) -> Result<Response, Unanswered> {
        let end = tokio::time::sleep(time);
        let error = match request.timeout(time).send().await {
            Ok(mut response) => {
                // For an error about what is still to come of it.
                if let Some(proxy) = &self.proxy {
                    response.extensions_mut().insert(proxy.clone());
                }
                return Ok(response);
            }
            Err(error) => error,
        };
        let refusal = match (Refusal::of(&error), &self.proxy, error.url()) {
            (Some(refusal), Some(proxy), Some(to)) => tokio::select! {
                refusal = refusal.explained(proxy, to) => Some(refusal),
                () = end => Some(refusal),
            },
            (refusal, ..) => refusal,
        };
        Err(Unanswered::new(&error, self.proxy.clone(), refusal))
    }
}

/// How much of the time that is left a request may take: a little is kept, so that the attempt ends
/// with our error and not in the middle, and what there is to keep is kept.
#[must_use]
pub fn time(left: Duration) -> Duration {
    left - (left / 10).min(RESERVE)
}

const RESERVE: Duration = Duration::from_millis(200);
/// The longest head of an answer, in bytes: the client's own limit of HTTP/1, for HTTP/2 as well.
const LONGEST_HEAD: u32 = 8192 + 4096 * 100;
/// As many headers as the client's map holds. What is limited is how long they are: gateways add
/// more than the 100 that the client takes by default.
const MOST_HEADERS: usize = 24_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_timeout_leaves_time_to_report() {
        for (left, request) in [(10_000, 9_800), (1_000, 900), (0, 0)] {
            assert_eq!(time(Duration::from_millis(left)), Duration::from_millis(request));
        }
    }
}
