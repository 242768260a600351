//! Trades one token for another at a token endpoint: by RFC 8693, by RFC 7523, or as Anthropic's
//! Workload Identity Federation does it.
//!
//! One attempt is one `Session`, and one request. What is traded in comes from a secret input, very
//! often from another source. An assertion may be good for one request only (RFC 7523, section 3,
//! point 7), so a hash of it is kept before it is sent, and the next attempt asks for another one.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod answer;
mod claims;
mod config;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod grant;
mod questions;
mod refusal;
mod sent_token;
mod session;
mod terms;
mod token_type;

use std::time::SystemTime;

use api_key_helper_backend::{Attempt, Backend, Credential, Error, Registration, SourceTable};
use async_trait::async_trait;
use config::Settings;
use sent_token::SentToken;
use session::Session;

/// The source that `table` describes. Nothing is asked and no file is read before the first
/// attempt.
///
/// # Errors
/// Misconfigured, with the place in the file.
pub fn build(table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
    Ok(Box::new(Exchange { settings: Settings::read(table)? }))
}

/// All that a program needs to know of this backend.
pub const REGISTRATION: Registration = {
    let registration = Registration::new("exchange", "another token is traded for it", build)
        .with_template(include_str!("template.toml"))
        .with_questions(questions::QUESTIONS);
    #[cfg(feature = "schema")]
    let registration = registration.with_schema::<config::RawConfig>();
    registration
};

#[derive(Debug)]
struct Exchange {
    settings: Settings,
}

#[async_trait]
impl Backend for Exchange {
    async fn fetch(&self, attempt: &dyn Attempt) -> Result<Credential, Error> {
        Session::new(&self.settings, attempt).fetch().await
    }

    /// Revokes nothing: its own backend state holds no credential. What another backend has left
    /// may be a sign-in that lives on.
    async fn revoke(&self, attempt: &dyn Attempt) -> Result<(), Error> {
        match attempt.renewal() {
            Some(kept) if !SentToken::is_in(kept) => Err(Error::of_another_backend()),
            _ => Ok(()),
        }
    }

    async fn server_time(&self, attempt: &dyn Attempt) -> Result<Option<SystemTime>, Error> {
        Session::new(&self.settings, attempt).server_time().await
    }

    /// What is kept tells which token was sent, and no token comes of it.
    fn renews(&self) -> bool {
        false
    }
}
