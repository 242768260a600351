//! Signs the user in, by the OAuth 2.0 device flow (RFC 8628) or in a browser on this machine
//! (RFC 8252), and from then on renews the token by itself. Machines ask for themselves (RFC 6749,
//! section 4.4).
//!
//! One attempt is one `Session`. [`Backend::login`] prompts the user and keeps what the
//! provider grants as the renewal; [`Backend::fetch`] turns that renewal into a key and never
//! prompts. Two requests of this protocol must not be sent twice, for a provider takes the second
//! one for a theft and revokes everything: the redemption of a code, and a refresh whose
//! token is rotated. So both know whether a request may have reached the provider
//! (`Failure`), and what comes back is kept before anything else is done with it.
//!
//! The requests are few and small, and are written here: `oauth2` would bring a poll loop that
//! repeats a request whose answer was lost, and errors that have to be taken apart again.
//! Signatures of ID tokens are `jsonwebtoken`'s.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod answer;
mod authorization;
mod browser;
mod client;
mod config;
mod device;
mod endpoint;
mod fetch;
mod flow;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod grant;
mod id_token;
mod jwks;
mod loopback;
mod metadata;
mod page;
mod questions;
mod redemption;
mod redirect_uri;
mod renewal;
mod revocation;
mod session;

use std::time::SystemTime;

use api_key_helper_backend::{
    Attempt, Backend, Credential, Error, Prompt, Registration, Secret, SignIn, SourceTable,
};
use async_trait::async_trait;
use config::Settings;
use flow::Flow;
use renewal::Renewal;
use session::Session;

/// The source that `table` describes. Nothing is asked and no file is read before the first
/// attempt.
///
/// # Errors
/// Misconfigured, with the place in the file.
pub fn build(table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
    Ok(Box::new(Oidc { settings: Settings::read(table)? }))
}

/// All that a program needs to know of this backend.
pub const REGISTRATION: Registration = {
    let registration = Registration::new("oidc", "you sign in with your identity provider", build)
        .with_template(include_str!("template.toml"))
        .with_questions(questions::QUESTIONS);
    #[cfg(feature = "schema")]
    let registration = registration.with_schema::<config::RawConfig>();
    registration
};

#[derive(Debug)]
struct Oidc {
    settings: Settings,
}

#[async_trait]
impl Backend for Oidc {
    async fn fetch(&self, attempt: &dyn Attempt) -> Result<Credential, Error> {
        let session = Session::new(&self.settings, attempt);
        match self.settings.flow {
            Flow::Browser | Flow::Device => fetch::by_refresh_token(session).await,
            Flow::ClientCredentials => fetch::by_client_credentials(session).await,
        }
    }

    async fn login(&self, attempt: &dyn Attempt, prompt: &dyn Prompt) -> Result<Credential, Error> {
        let session = Session::new(&self.settings, attempt);
        match self.settings.flow {
            Flow::Browser => browser::login(session, prompt).await,
            Flow::ClientCredentials => Err(Error::misconfigured("a client has no login")),
            Flow::Device => device::login(session, prompt).await,
        }
    }

    fn has_login(&self) -> bool {
        self.settings.flow.has_login()
    }

    async fn revoke(&self, attempt: &dyn Attempt) -> Result<(), Error> {
        revocation::revoke(Session::new(&self.settings, attempt)).await
    }

    async fn server_time(&self, attempt: &dyn Attempt) -> Result<Option<SystemTime>, Error> {
        Session::new(&self.settings, attempt).server_time().await
    }

    fn sign_in(&self, renewal: &Secret) -> Option<SignIn> {
        Renewal::read(renewal).map(|renewal| renewal.sign_in(&self.settings.scopes))
    }
}
