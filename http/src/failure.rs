//! Failed requests.

use std::fmt;
use std::time::Duration;

use api_key_helper_backend::Error;

use crate::{Unanswered, Words};

/// An error, and whether the request may have reached the server.
#[derive(Debug)]
pub struct Failure {
    /// The error.
    pub error: Error,
    /// The server may have acted on the request.
    pub sent: bool,
}

impl Failure {
    /// Returns the failure of a request that the server cannot have acted on.
    #[must_use]
    pub fn unsent(error: Error) -> Self {
        Self { error, sent: false }
    }

    /// Returns the failure of a request whose response is lost.
    #[must_use]
    pub fn lost(error: Error) -> Self {
        Self { error, sent: true }
    }

    /// Returns the failure of a request to `address` with the limit `time`.
    #[must_use]
    pub fn on_the_way(
        address: &impl fmt::Display,
        time: Duration,
        why: &Unanswered,
        words: &Words,
    ) -> Self {
        let error = why.error(&format!("`{address}`"), Some(time), words);
        Self { error, sent: why.is_sent() }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}
