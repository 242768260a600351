//! Requests without a response.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use api_key_helper_backend::Error;

use crate::cause::chain;
use crate::proxy::{Proxy, Refusal};
use crate::trust::untrusted;
use crate::{Words, cause, find};

/// The reason why a request got no response, and its route.
#[derive(Clone, Debug)]
pub struct Unanswered {
    why: Why,
    proxy: Option<Proxy>,
    sent: bool,
}

#[derive(Clone, Debug)]
enum Why {
    /// The response began, and broke off.
    Broken(String),
    /// The response has an encoding that was not requested.
    Compressed(String),
    Late,
    TooLong,
    /// The proxy opened no tunnel.
    Refused(Refusal),
    /// The server expects TLS, and got plain HTTP.
    SpeaksTls,
    Unreachable(String),
    /// The server did not prove its identity.
    Untrusted(rustls::Error),
    /// The proxy did not prove its identity.
    UntrustedProxy(rustls::Error),
}

impl Unanswered {
    pub(crate) fn new(
        error: &reqwest::Error,
        proxy: Option<Proxy>,
        refusal: Option<Refusal>,
    ) -> Self {
        let why = match (refusal, find::<rustls::Error>(error)) {
            (Some(refusal), _) => Why::Refused(refusal),
            (None, Some(tls)) if is_before_tunnel(error) => Why::UntrustedProxy(tls.clone()),
            (None, Some(tls)) => Why::Untrusted(tls.clone()),
            (None, None) if error.is_timeout() => Why::Late,
            (None, None) if error.is_connect() => Why::Unreachable(cause(error)),
            (None, None) => Why::Broken(cause(error)),
        };
        // While it connects, which includes the TLS handshake, the client sends nothing of the
        // request.
        Self { why, proxy, sent: !error.is_connect() && !error.is_builder() }
    }

    /// Returns the reason that the response broke off with `error`.
    pub(crate) fn broken(error: &reqwest::Error) -> Self {
        Self { sent: true, ..Self::new(error, None, None) }
    }

    /// Returns the reason that the response is in the encoding `name`.
    pub(crate) fn compressed(name: String) -> Self {
        Self { why: Why::Compressed(name), proxy: None, sent: true }
    }

    /// Returns the reason that the port expects TLS. The server read nothing of the request.
    pub(crate) fn speaks_tls() -> Self {
        Self { why: Why::SpeaksTls, proxy: None, sent: false }
    }

    /// Returns the reason that the response is too long.
    pub(crate) fn too_long() -> Self {
        Self { why: Why::TooLong, proxy: None, sent: true }
    }

    /// Returns the same reason for a request through `proxy`.
    pub(crate) fn through(self, proxy: Option<Proxy>) -> Self {
        Self { proxy, ..self }
    }

    /// Returns whether the server may have read the request.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.sent
    }

    /// Returns whether the server timed out, and no proxy was involved.
    #[must_use]
    pub fn is_late(&self) -> bool {
        matches!((&self.why, &self.proxy), (Why::Late, None))
    }

    /// Returns the error of a request to `server` that had `time`.
    #[must_use]
    pub fn error(&self, server: &str, time: Option<Duration>, words: &Words) -> Error {
        let server = match &self.proxy {
            Some(proxy) => format!("{server} (through {proxy})"),
            None => server.to_owned(),
        };
        let way = self.proxy.as_ref().map_or_else(|| words.way.to_owned(), Proxy::hint);
        match (&self.why, &self.proxy) {
            (Why::Untrusted(tls), _) => untrusted(&server, tls, words),
            (Why::UntrustedProxy(tls), proxy) => {
                let proxy = proxy.as_ref().map_or(server, ToString::to_string);
                untrusted(&proxy, tls, words)
            }
            (Why::Late, _) => {
                let time = time.map_or_else(
                    || "in time".to_owned(),
                    |time| format!("within {:.1} s", time.as_secs_f64()),
                );
                Error::transient(format!("{server} did not answer {time}")).with_hint(way)
            }
            (Why::Refused(Refusal::Status(407)), Some(proxy)) => Error::misconfigured(format!(
                "cannot reach {}{server}: {}",
                words.server,
                proxy.wants()
            ))
            .with_hint(proxy.login_hint()),
            (Why::Refused(Refusal::Status(status)), _) => {
                unreachable(&server, &format!("the proxy answered {status}"), words).with_hint(way)
            }
            (Why::Refused(Refusal::Unknown), _) => {
                unreachable(&server, "the proxy refused the connection", words).with_hint(way)
            }
            (Why::Unreachable(why), _) => unreachable(&server, why, words).with_hint(way),
            (Why::SpeaksTls, _) => {
                Error::misconfigured(format!("{server} expects TLS, but the address is plain HTTP"))
                    .with_hint("change the address to `https://`")
            }
            (Why::Compressed(name), _) => Error::transient(format!(
                "{server} sent a response in the encoding `{name}`, which was not requested"
            ))
            .with_hint(format!("the request had `Accept-Encoding: identity`; {}", words.impostor)),
            (Why::TooLong, _) => {
                Error::transient(format!("{server} sent more than 1 MiB")).with_hint(words.impostor)
            }
            (Why::Broken(why), _) => {
                Error::transient(format!("{server} broke off its response: {why}")).with_hint(way)
            }
        }
    }
}

/// Returns the error of a `server` that cannot be reached.
#[must_use]
pub fn unreachable(server: &str, why: &str, words: &Words) -> Error {
    let kind = words.server;
    Error::transient(format!("cannot reach {kind}{server}: {why}")).with_hint(words.way)
}

/// Returns whether the connection to the proxy failed, and not the tunnel through it. The error's
/// type is private to hyper-util.
fn is_before_tunnel(error: &reqwest::Error) -> bool {
    let failed = "tunnel error: failed to create underlying connection";
    chain(error).any(|error| error.to_string() == failed)
}

/// For a library in between, which has no settings to name.
impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = "the server";
        f.write_str(self.error(server, None, &Words::default()).message())
    }
}

impl StdError for Unanswered {}
