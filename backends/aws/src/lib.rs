//! Asks AWS Secrets Manager for a key.
//!
//! One attempt is one session: it finds AWS credentials (kept from before, or obtained), reads the
//! secret with them, and says in the terms of [`api_key_helper_backend::ErrorKind`] why not. The
//! SDK signs, sends and finds credentials where AWS's own tools do; it never retries, and sees
//! nothing of the environment but what the source declared.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod answer;
mod clock;
mod config;
mod connector;
mod environment;
mod failure;
mod field;
mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod imds;
mod origin;
mod process;
mod programs;
mod questions;
mod renewal;
mod role;
mod sdk;
mod sent_secrets;
mod session;
mod target;

use std::time::SystemTime;

use api_key_helper_backend::{
    Attempt, Backend, Credential, Error, Registration, SourceTable, redact,
};
use async_trait::async_trait;
use config::Settings;
use renewal::Renewal;
use session::Session;

/// The source that `table` describes. Nothing is asked, no file is read and nothing of the SDK is
/// made before the first attempt.
///
/// # Errors
/// Misconfigured, with the place in the file.
pub fn build(table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
    Ok(Box::new(Aws { settings: Settings::read(table)? }))
}

/// All that a program needs to know of this backend.
pub const REGISTRATION: Registration = {
    let registration = Registration::new("aws", "AWS Secrets Manager", build)
        .with_template(include_str!("template.toml"))
        .with_questions(questions::QUESTIONS);
    #[cfg(feature = "schema")]
    let registration = registration.with_schema::<config::RawConfig>();
    registration
};

#[derive(Debug)]
struct Aws {
    settings: Settings,
}

#[async_trait]
impl Backend for Aws {
    async fn fetch(&self, attempt: &dyn Attempt) -> Result<Credential, Error> {
        let session = Session::open(&self.settings, attempt).await?;
        let sent = session.sent.clone();
        session.fetch().await.map_err(|error| redact::in_error(error, &sent.secrets()))
    }

    /// The credentials of an assumed role expire by themselves; AWS takes none back. What another
    /// backend has left may be a sign-in that lives on.
    async fn revoke(&self, attempt: &dyn Attempt) -> Result<(), Error> {
        match attempt.renewal() {
            Some(kept) if !Renewal::is_in(kept) => Err(Error::of_another_backend()),
            _ => Ok(()),
        }
    }

    async fn server_time(&self, attempt: &dyn Attempt) -> Result<Option<SystemTime>, Error> {
        Session::open(&self.settings, attempt).await?.server_time().await
    }
}
