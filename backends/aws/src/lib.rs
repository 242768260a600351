//! Asks AWS Secrets Manager for a key.
//!
//! One attempt is one session: it finds AWS credentials (kept from before, or obtained), reads
//! the secret with them, and says in the terms of [`api_key_helper_core::ErrorKind`] why not. The
//! SDK signs, sends and finds credentials where AWS's own tools do; it never retries, and sees
//! nothing of the environment but what the source declared.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod answer;
mod clock;
mod config;
mod connector;
mod credentials;
mod environment;
mod failure;
mod field;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod imds;
mod origin;
mod read;
mod renewal;
mod role;
mod rotation;
mod sdk;
mod session;
mod tls;

use std::time::SystemTime;

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{Backend, Credential, Error, FetchRequest};
use async_trait::async_trait;

use config::Settings;
use session::Session;

/// The source that `table` describes. Nothing is asked, no file is read and nothing of the SDK is
/// made before the first attempt.
///
/// # Errors
/// Misconfigured, with the place in the file.
pub fn build(table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
    Ok(Box::new(Aws { settings: Settings::read(table)? }))
}

/// The keys that such a source has beside those of every source, as a JSON schema.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    <config::Written as schemars::JsonSchema>::json_schema(generator)
}

#[derive(Debug)]
struct Aws {
    settings: Settings,
}

#[async_trait]
impl Backend for Aws {
    async fn fetch(&self, request: &FetchRequest<'_>) -> Result<Credential, Error> {
        Session::open(&self.settings, *request).await?.fetch().await
    }

    async fn server_time(&self, request: &FetchRequest<'_>) -> Result<Option<SystemTime>, Error> {
        Session::open(&self.settings, *request).await?.server_time().await
    }
}
