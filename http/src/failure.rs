//! Why a server gave no answer.

use std::fmt;
use std::time::Duration;

use api_key_helper_core::Error;

use crate::{Words, cause, tls_error, untrusted};

/// An error, and whether the request may have reached the server before it.
#[derive(Debug)]
pub struct Failure {
    /// What happened.
    pub error: Error,
    /// The server may have acted upon the request.
    pub sent: bool,
}

impl Failure {
    /// A failure before anything was sent that a server could act upon.
    #[must_use]
    pub fn unsent(error: Error) -> Self {
        Self { error, sent: false }
    }

    /// An answer of which we know nothing.
    #[must_use]
    pub fn lost(error: Error) -> Self {
        Self { error, sent: true }
    }

    /// What happened within `time` on the way to `address`, or from there.
    #[must_use]
    pub fn on_the_way(
        address: &impl fmt::Display,
        time: Duration,
        error: &reqwest::Error,
        words: &Words,
    ) -> Self {
        // While it connects, which includes the TLS handshake, nothing of the request was sent.
        let sent = !error.is_connect() && !error.is_builder();
        let error = if let Some(tls) = tls_error(error) {
            untrusted(&format!("`{address}`"), tls, words)
        } else if error.is_timeout() {
            let time = time.as_secs_f64();
            Error::transient(format!("`{address}` did not answer within {time:.1} s"))
                .with_hint(words.way)
        } else if error.is_connect() {
            unreachable(address, &cause(error), words)
        } else {
            Error::transient(format!("`{address}` broke off its answer: {}", cause(error)))
                .with_hint(words.way)
        };
        Self { error, sent }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// There is no way to `address`.
#[must_use]
pub fn unreachable(address: &impl fmt::Display, why: &str, words: &Words) -> Error {
    let server = words.server;
    Error::transient(format!("cannot reach {server}`{address}`: {why}")).with_hint(words.way)
}
