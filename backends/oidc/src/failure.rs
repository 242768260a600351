//! Why a provider gave no answer.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use api_key_helper_core::Error;
use rustls::CertificateError;

use crate::endpoint::Endpoint;

/// An error, and whether the request may have reached the provider before it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) sent: bool,
}

impl Failure {
    /// A failure before anything was sent that a provider could act upon.
    pub(crate) fn unsent(error: Error) -> Self {
        Self { error, sent: false }
    }

    /// An answer of which we know nothing.
    pub(crate) fn lost(error: Error) -> Self {
        Self { error, sent: true }
    }

    /// What happened on the way to `endpoint`, or from there.
    pub(crate) fn on_the_way(endpoint: &Endpoint, time: Duration, error: &reqwest::Error) -> Self {
        // While it connects, which includes the TLS handshake, nothing of the request was sent.
        let sent = !error.is_connect() && !error.is_builder();
        let error = if let Some(tls) = tls_error(error) {
            untrusted(endpoint, tls)
        } else if error.is_timeout() {
            let time = time.as_secs_f64();
            Error::transient(format!("`{endpoint}` did not answer within {time:.1} s"))
        } else if error.is_connect() {
            Error::transient(format!("cannot reach `{endpoint}`: {}", cause(error)))
        } else {
            Error::transient(format!("`{endpoint}` broke off its answer: {}", cause(error)))
        };
        Self { error, sent }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// The innermost cause, which says what happened; the outer ones only say where.
pub(crate) fn cause(error: &reqwest::Error) -> String {
    let mut last: &dyn StdError = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

fn untrusted(endpoint: &Endpoint, error: &rustls::Error) -> Error {
    use CertificateError as Why;
    let theirs = |why: &str| format!("the certificate of `{endpoint}` is {why}");
    match error {
        rustls::Error::InvalidCertificate(Why::UnknownIssuer) => {
            Error::misconfigured(theirs("from an unknown authority"))
                .with_hint("name that authority's certificate in `ca_file`")
        }
        rustls::Error::InvalidCertificate(
            Why::NotValidForName | Why::NotValidForNameContext { .. },
        ) => Error::misconfigured(theirs("for another host name"))
            .with_hint("compare the host in `issuer` with the certificate's"),
        rustls::Error::InvalidCertificate(Why::Expired | Why::ExpiredContext { .. }) => {
            Error::transient(theirs("no longer valid"))
                .with_hint("check this machine's clock; else the provider needs a new certificate")
        }
        rustls::Error::InvalidCertificate(Why::NotValidYet | Why::NotValidYetContext { .. }) => {
            Error::transient(theirs("not valid yet")).with_hint("check this machine's clock")
        }
        other => Error::transient(format!("no TLS connection to `{endpoint}`: {other}")),
    }
}

/// An `io::Error` hides what it wraps from `source`.
fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref() {
            return Some(tls);
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
