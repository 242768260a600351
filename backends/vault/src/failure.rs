//! Why an address gave no answer.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use api_key_helper_core::Error;
use rustls::{AlertDescription, CertificateError};

use crate::address::Address;

/// An error, and whether the request may have reached the server before it.
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) sent: bool,
}

impl Failure {
    /// A failure before anything was sent that a server could act upon.
    pub(crate) fn unsent(error: Error) -> Self {
        Self { error, sent: false }
    }

    /// What happened on the way to `address`, or from there.
    pub(crate) fn on_the_way(address: &Address, time: Duration, error: &reqwest::Error) -> Self {
        let sent = !error.is_connect() && !error.is_builder();
        let error = if let Some(tls) = tls_error(error) {
            untrusted(address, tls)
        } else if error.is_timeout() {
            let time = time.as_secs_f64();
            Error::transient(format!("`{address}` did not answer within {time:.1} s"))
                .with_hint(CHECK_THE_WAY)
        } else if error.is_connect() {
            unreachable(address, &cause(error))
        } else {
            Error::transient(format!("`{address}` broke off its answer: {}", cause(error)))
                .with_hint(CHECK_THE_WAY)
        };
        Self { error, sent }
    }
}

/// There is no way to `address`.
pub(crate) fn unreachable(address: &Address, cause: &str) -> Error {
    Error::transient(format!("cannot reach vault at `{address}`: {cause}")).with_hint(CHECK_THE_WAY)
}

/// The innermost cause, which says what happened; the outer ones only say where.
pub(crate) fn cause(error: &reqwest::Error) -> String {
    let mut last: &dyn StdError = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

fn untrusted(address: &Address, error: &rustls::Error) -> Error {
    use AlertDescription as Alert;
    use CertificateError as Why;
    let theirs = |why: &str| format!("the certificate of `{address}` is {why}");
    match error {
        rustls::Error::InvalidCertificate(Why::UnknownIssuer) => {
            Error::misconfigured(theirs("from an unknown authority"))
                .with_hint("name that authority's certificate in `ca_file` (or `VAULT_CACERT`)")
        }
        rustls::Error::InvalidCertificate(
            Why::NotValidForName | Why::NotValidForNameContext { .. },
        ) => Error::misconfigured(theirs("for another host name"))
            .with_hint("mend `address`, or name the certificate's host in `tls_server_name`"),
        rustls::Error::InvalidCertificate(Why::Expired | Why::ExpiredContext { .. }) => {
            Error::transient(theirs("no longer valid"))
                .with_hint("check this machine's clock; else the server needs a new certificate")
        }
        rustls::Error::InvalidCertificate(Why::NotValidYet | Why::NotValidYetContext { .. }) => {
            Error::transient(theirs("not valid yet")).with_hint("check this machine's clock")
        }
        rustls::Error::AlertReceived(
            Alert::BadCertificate
            | Alert::CertificateExpired
            | Alert::CertificateRequired
            | Alert::CertificateUnknown
            | Alert::UnknownCA,
        ) => Error::misconfigured(format!("`{address}` wants another client certificate: {error}"))
            .with_hint("see `client_cert` and `client_key` of the source"),
        other => Error::transient(format!("no TLS connection to `{address}`: {other}"))
            .with_hint(CHECK_THE_WAY),
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

/// It is asked again by itself, but not elsewhere.
const CHECK_THE_WAY: &str = "check `address`, the network, and whether the server is up";
