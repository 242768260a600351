//! Asks HashiCorp Vault or OpenBao for a key.
//!
//! One attempt is one session: it finds a live token (kept, given or by login), reads the key or
//! renews its lease, and says in the terms of [`api_key_helper_backend::ErrorKind`] why not.
//! `vaultrs` says what each request looks like; where it goes, and what an answer means, is said
//! here.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod address;
mod answer;
mod auth;
mod call;
mod client;
mod config;
mod connection;
mod fetch;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod questions;
mod renewal;
mod revocation;
mod session;
mod target;
mod tls;
mod token;
mod token_helper;
mod wrapping;

use std::time::SystemTime;

use api_key_helper_backend::{Attempt, Backend, Credential, Error, Registration, SourceTable};
use async_trait::async_trait;
use client::Client;
use config::Settings;
use session::Session;

/// The source that `table` describes. Nothing is asked and no file is read before the first
/// attempt.
///
/// # Errors
/// Misconfigured, with the place in the file.
pub fn build(table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
    Ok(Box::new(Vault { settings: Settings::read(table)? }))
}

/// All that a program needs to know of this backend.
pub const REGISTRATION: Registration = {
    let registration = Registration::new("vault", "HashiCorp Vault or OpenBao", build)
        .with_template(include_str!("template.toml"))
        .with_questions(questions::QUESTIONS);
    #[cfg(feature = "schema")]
    let registration = registration.with_schema::<config::RawConfig>();
    registration
};

#[derive(Debug)]
struct Vault {
    settings: Settings,
}

#[async_trait]
impl Backend for Vault {
    async fn fetch(&self, attempt: &dyn Attempt) -> Result<Credential, Error> {
        fetch::fetch(Session::new(&self.settings, attempt)).await
    }

    async fn revoke(&self, attempt: &dyn Attempt) -> Result<(), Error> {
        revocation::revoke(Session::new(&self.settings, attempt)).await
    }

    async fn server_time(&self, attempt: &dyn Attempt) -> Result<Option<SystemTime>, Error> {
        Client::new(&self.settings.connection, attempt).server_time().await
    }
}
