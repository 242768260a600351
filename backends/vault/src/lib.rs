//! Asks HashiCorp Vault or OpenBao for a key.
//!
//! One attempt is one session: it finds a live token (kept, given or by login), reads the key or
//! renews its lease, and says in the terms of [`api_key_helper_core::ErrorKind`] why not. `vaultrs`
//! says what each request looks like; where it goes, and what an answer means, is said here.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod address;
mod answer;
mod auth;
mod call;
mod client;
mod config;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod input;
mod lease;
mod read;
mod renewal;
mod session;
mod tls;
mod token;
mod words;

use std::time::SystemTime;

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{Backend, Credential, Error, FetchRequest};
use async_trait::async_trait;

use client::Client;
use config::Settings;
use session::Session;

/// The source that `table` describes. Nothing is asked and no file is read before the first attempt.
///
/// # Errors
/// Misconfigured, with the place in the file.
pub fn build(table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
    Ok(Box::new(Vault { settings: Settings::read(table)? }))
}

/// The keys that such a source has beside those of every source, as a JSON schema.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    <config::Written as schemars::JsonSchema>::json_schema(generator)
}

#[derive(Debug)]
struct Vault {
    settings: Settings,
}

#[async_trait]
impl Backend for Vault {
    async fn fetch(&self, request: &FetchRequest<'_>) -> Result<Credential, Error> {
        Session::new(&self.settings, *request).fetch().await
    }

    async fn revoke(&self, request: &FetchRequest<'_>) -> Result<(), Error> {
        Session::new(&self.settings, *request).revoke().await
    }

    async fn server_time(&self, request: &FetchRequest<'_>) -> Result<Option<SystemTime>, Error> {
        Client::new(&self.settings.connection, *request).server_time().await
    }
}
