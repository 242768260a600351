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
mod client;
mod config;
mod federation;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod grant;
mod granted;
mod refusal;
mod session;
mod spent;
mod terms;
mod token_type;
mod words;

use std::time::SystemTime;

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{Backend, Credential, Error, FetchRequest};
use async_trait::async_trait;

use config::Settings;
use session::Session;

/// The source that `table` describes. Nothing is asked and no file is read before the first attempt.
///
/// # Errors
/// Misconfigured, with the place in the file.
pub fn build(table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
    Ok(Box::new(Exchange { settings: Settings::read(table)? }))
}

/// The keys that such a source has beside those of every source, as a JSON schema.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    <config::Written as schemars::JsonSchema>::json_schema(generator)
}

#[derive(Debug)]
struct Exchange {
    settings: Settings,
}

#[async_trait]
impl Backend for Exchange {
    async fn fetch(&self, request: &FetchRequest<'_>) -> Result<Credential, Error> {
        Session::new(&self.settings, *request).fetch().await
    }

    async fn server_time(&self, request: &FetchRequest<'_>) -> Result<Option<SystemTime>, Error> {
        Session::new(&self.settings, *request).server_time().await
    }

    /// What is kept tells which token was sent, and no token comes of it.
    fn renews(&self) -> bool {
        false
    }
}
