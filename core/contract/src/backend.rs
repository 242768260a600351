//! The interface of a backend: one way of obtaining a key.

use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::{Attempt, Error, Key, Prompt, Secret};

/// One way of obtaining a key. An implementation knows its server and nothing else: no cache, no
/// retry, no terminal, no other backend.
#[async_trait]
pub trait Backend: fmt::Debug + Send + Sync {
    /// Makes one attempt to obtain a key, without the user. Never retries, sleeps between attempts,
    /// caches, prints or prompts.
    ///
    /// # Errors
    /// Their kind decides what the engine does next, see [`crate::ErrorKind`].
    async fn fetch(&self, attempt: &dyn Attempt) -> Result<Credential, Error>;

    /// Signs the user in, and obtains a key by that. By default there is no sign-in.
    ///
    /// # Errors
    /// As [`Backend::fetch`]; `Misconfigured` where the backend knows no login.
    async fn login(&self, attempt: &dyn Attempt, prompt: &dyn Prompt) -> Result<Credential, Error> {
        let _ = (attempt, prompt);
        Err(Error::misconfigured("this backend has no login"))
    }

    /// Returns whether the user can sign in to this source, by its settings. More than the display
    /// depends on it: the renewal of such a source stays when the user signs in to another source
    /// that it uses. By default there is no sign-in.
    fn has_login(&self) -> bool {
        false
    }

    /// Gives the credential back: revokes a token or a lease. By default there is nothing to do,
    /// and a renewal is one that the source had under another backend.
    ///
    /// # Errors
    /// As [`Backend::fetch`].
    async fn revoke(&self, attempt: &dyn Attempt) -> Result<(), Error> {
        match attempt.renewal() {
            None => Ok(()),
            Some(_) => Err(Error::of_another_backend()),
        }
    }

    /// Returns the time by the clock of the source's server, asked for without a credential and
    /// without the user; `None` where there is no server, or where it tells no time. `doctor`
    /// compares it with ours: lifetimes are reckoned by two clocks. By default there is no server.
    ///
    /// # Errors
    /// As [`Backend::fetch`].
    async fn server_time(&self, attempt: &dyn Attempt) -> Result<Option<SystemTime>, Error> {
        let _ = attempt;
        Ok(None)
    }

    /// Returns whether the renewals of this backend spare the next fetch something. Those that are
    /// a mere note to itself are not shown as the source's state. By default they are shown.
    fn renews(&self) -> bool {
        true
    }

    /// Returns the sign-in that `renewal`, which this backend made, comes from. It is shown after a
    /// sign-in, and later as the source's state. Asks no server. By default there is none.
    fn sign_in(&self, renewal: &Secret) -> Option<SignIn> {
        let _ = renewal;
        None
    }
}

/// A sign-in as it is shown to the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignIn {
    /// The account, by the name that the user knows best.
    pub account: Option<String>,
    /// The time at which the user must sign in again, if known: past if the sign-in has expired.
    pub expires_at: Option<SystemTime>,
    /// The granted scopes.
    pub scopes: Vec<String>,
    /// The scopes that were asked for and not granted.
    pub missing_scopes: Vec<String>,
}

impl SignIn {
    /// Sets the account.
    #[must_use]
    pub fn with_account(self, account: impl Into<Option<String>>) -> Self {
        Self { account: account.into(), ..self }
    }

    /// Sets when the user must sign in again.
    #[must_use]
    pub fn with_expires_at(self, end: impl Into<Option<SystemTime>>) -> Self {
        Self { expires_at: end.into(), ..self }
    }

    /// Sets the granted scopes, and those that were asked for and not granted.
    #[must_use]
    pub fn with_scopes(self, granted: Vec<String>, missing: Vec<String>) -> Self {
        Self { scopes: granted, missing_scopes: missing, ..self }
    }
}

/// The result of an attempt: a key, and what the engine must know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credential {
    /// The key itself.
    pub key: Key,
    /// The issuer's end of the key's validity, if the answer says so. Hard: nothing is printed
    /// after it. For a key that is a JWT the engine reads `exp` by itself.
    pub expires_at: Option<SystemTime>,
    /// The time from which the issuer has a newer key, if it says so.
    pub refresh_at: Option<SystemTime>,
    /// A secret that makes the next fetch possible without the user, such as a refresh token.
    /// `None` leaves the one that is stored.
    pub renewal: Option<Secret>,
}

impl Credential {
    /// A key of which nothing else is known.
    #[must_use]
    pub const fn new(key: Key) -> Self {
        Self { key, expires_at: None, refresh_at: None, renewal: None }
    }

    /// Sets the issuer's end of the key's validity.
    #[must_use]
    pub fn with_expires_at(self, end: impl Into<Option<SystemTime>>) -> Self {
        Self { expires_at: end.into(), ..self }
    }

    /// Sets when the issuer will have a newer key.
    #[must_use]
    pub fn with_refresh_at(self, moment: impl Into<Option<SystemTime>>) -> Self {
        Self { refresh_at: moment.into(), ..self }
    }

    /// Sets the renewal to store.
    #[must_use]
    pub fn with_renewal(self, renewal: impl Into<Option<Secret>>) -> Self {
        Self { renewal: renewal.into(), ..self }
    }
}
