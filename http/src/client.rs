//! The HTTP client.

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

/// Returns a builder of a client for the server at `url`, to which a backend adds its own settings.
/// The client follows no redirect: a secret goes only to the server it was meant for.
///
/// # Errors
/// `Misconfigured`: the proxy's address cannot be used.
pub fn client(url: &Url, way: &Way) -> Result<ClientBuilder, Error> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("api-key-helper/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        // Without this header, a server may choose any compression (RFC 9110, section 12.5.3).
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
        // On other systems, the client would read the proxy variables again, by other rules.
        Way::System if cfg!(any(target_os = "macos", windows)) => builder,
        Way::System | Way::Direct => builder.no_proxy(),
    };
    // Without TLS, no root certificates need to be read.
    if url.scheme() != "https" && way.proxy().is_none() {
        builder = builder.tls_certs_only([]);
    }
    Ok(builder)
}

/// Builds the client, once all settings are there. Only TLS settings can fail here, and `hint`
/// names them.
///
/// # Errors
/// `Misconfigured`: the TLS settings cannot be used.
pub fn build(builder: ClientBuilder, way: &Way, hint: &str) -> Result<Client, Error> {
    let inner = builder.build().map_err(|error| unusable_settings(&error).with_hint(hint))?;
    Ok(Client { inner, proxy: way.proxy().cloned() })
}

impl Client {
    /// Begins a GET request.
    pub fn get(&self, url: Url) -> RequestBuilder {
        self.inner.get(url)
    }

    /// Begins a POST request.
    pub fn post(&self, url: Url) -> RequestBuilder {
        self.inner.post(url)
    }

    /// Begins a request.
    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.inner.request(method, url)
    }

    /// Sends `request` to `address`, and waits for the head of the response. `time` limits the
    /// whole response.
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

    /// Sends `request`, for a backend that words its own errors.
    ///
    /// # Errors
    /// The reason why there is no response.
    pub async fn ask(
        &self,
        request: RequestBuilder,
        time: Duration,
    ) -> Result<Response, Unanswered> {
        let end = tokio::time::sleep(time);
        let error = match request.timeout(time).send().await {
            Ok(mut response) => {
                // For an error while the rest of the response is read.
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

/// Returns the share of the remaining time that a request may take. The rest is a reserve: the
/// attempt ends with our own error, and there is time to save what must be saved.
#[must_use]
pub fn time(left: Duration) -> Duration {
    left - (left / 10).min(RESERVE)
}

const RESERVE: Duration = Duration::from_millis(200);
/// The longest head of a response, in bytes: the client's own limit for HTTP/1, for HTTP/2 as well.
const LONGEST_HEAD: u32 = 8192 + 4096 * 100;
/// The most headers that the client's map holds. The limit that matters is their length: gateways
/// add more than the client's default of 100.
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
