//! Why a server gave no answer.

use std::fmt;
use std::time::Duration;

use api_key_helper_backend::Error;

use crate::{Unanswered, Words};

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
