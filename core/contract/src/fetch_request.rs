//! What a backend may ask of the engine during one attempt.

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::text::Form;
use crate::{Error, Secret, SecretInput};

/// Carries [`FetchRequest::chain`] into a program that might call us again.
pub const CHAIN_VARIABLE: &str = "API_KEY_HELPER_CHAIN";

/// What the engine gives a backend for one attempt.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FetchRequest<'a> {
    renewal: Option<&'a Secret>,
    attempt: &'a dyn Attempt,
}

impl<'a> FetchRequest<'a> {
    /// A request that `attempt` stands behind.
    #[must_use]
    pub const fn new(renewal: Option<&'a Secret>, attempt: &'a dyn Attempt) -> Self {
        Self { renewal, attempt }
    }

    /// The renewal that this source returned or kept last.
    #[must_use]
    pub const fn renewal(&self) -> Option<&'a Secret> {
        self.renewal
    }

    /// The wall clock, for lifetimes.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.attempt.now()
    }

    /// How much of the attempt's time is left. The engine drops the attempt when it is over, so
    /// whatever must be cleaned up in order (a child process) is ended a little earlier.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.attempt.time_left()
    }

    /// The sources that are being fetched, outermost first, for a program that may call us again.
    #[must_use]
    pub fn chain(&self) -> &'a str {
        self.attempt.chain()
    }

    /// Whether the key that the source gave last will not do: the API refuses it, or somebody asked
    /// for a new one. What would only prolong that key is then no answer.
    #[must_use]
    pub fn wants_another_key(&self) -> bool {
        self.attempt.wants_another_key()
    }

    /// Makes a new renewal durable before it returns, so that it survives whatever goes wrong later
    /// in the same attempt. Called at once when a server has rotated a token.
    ///
    /// # Errors
    /// Transient, when the disk refuses. The old renewal is then still the one on the disk.
    pub async fn keep(&self, renewal: &Secret) -> Result<(), Error> {
        self.attempt.keep(renewal).await
    }

    /// Makes sure that [`FetchRequest::keep`] will have room on the disk. Called before a request is
    /// sent that makes the server forget the renewal that we hold.
    ///
    /// # Errors
    /// Transient, when the disk is full or read-only: the request must not be sent.
    pub async fn make_room(&self) -> Result<(), Error> {
        self.attempt.make_room().await
    }

    /// The renewal on the disk, when it is another one than this request's. Asked when a server has
    /// refused ours, before that is given up: another process may have replaced it.
    ///
    /// # Errors
    /// Misconfigured, when what is on the disk is not ours to read.
    pub async fn newer_renewal(&self) -> Result<Option<Secret>, Error> {
        self.attempt.newer_renewal().await
    }

    /// Reads a secret input, freshly at every attempt, for projected tokens rotate on disk. The key of
    /// another source may be a cached one; the time until it is there is none of this attempt's. Where
    /// the attempt then ends in a refusal, the engine has that key fetched anew, and repeats the
    /// attempt once.
    ///
    /// # Errors
    /// Misconfigured when it is not there; what its own source says when it is a source. The engine
    /// takes that for the attempt's own error.
    pub async fn resolve(&self, input: &SecretInput) -> Result<Secret, Error> {
        self.attempt.resolve(input).await
    }

    /// Reads a secret input as [`FetchRequest::resolve`] does, in the form that its use requires.
    ///
    /// # Errors
    /// As [`FetchRequest::resolve`]; Misconfigured when it has another form.
    pub async fn resolve_as(&self, input: &SecretInput, form: Form) -> Result<Secret, Error> {
        input.checked(self.resolve(input).await?, form)
    }

    /// Reads a secret input again, for one that is good for one use: another key of its source than
    /// `spent`, fetched anew where that is the one that is cached. A variable, a file or a program is
    /// only read afresh. What comes can still be equal to `spent`, where there is no other.
    ///
    /// # Errors
    /// As [`FetchRequest::resolve`].
    pub async fn resolve_anew(&self, input: &SecretInput, spent: &Secret) -> Result<Secret, Error> {
        self.attempt.resolve_anew(input, spent).await
    }

    /// Tells the user something about this attempt that is no error: one line, by the rules of an
    /// error's message. The call prints each warning once, after the key.
    pub fn warn(&self, warning: impl Into<String>) {
        self.attempt.warn(warning.into());
    }
}

/// The engine's side of a [`FetchRequest`]; the methods are described there.
#[async_trait]
pub trait Attempt: fmt::Debug + Send + Sync {
    /// See [`FetchRequest::now`].
    fn now(&self) -> SystemTime;
    /// See [`FetchRequest::time_left`].
    fn time_left(&self) -> Duration;
    /// See [`FetchRequest::chain`].
    fn chain(&self) -> &str;
    /// See [`FetchRequest::wants_another_key`]. By default any key will do.
    fn wants_another_key(&self) -> bool {
        false
    }
    /// See [`FetchRequest::keep`].
    async fn keep(&self, renewal: &Secret) -> Result<(), Error>;
    /// See [`FetchRequest::make_room`].
    async fn make_room(&self) -> Result<(), Error>;
    /// See [`FetchRequest::newer_renewal`]. By default nobody else writes.
    async fn newer_renewal(&self) -> Result<Option<Secret>, Error> {
        Ok(None)
    }
    /// See [`FetchRequest::resolve`].
    async fn resolve(&self, input: &SecretInput) -> Result<Secret, Error>;
    /// See [`FetchRequest::resolve_anew`]. By default the input is read once more.
    async fn resolve_anew(&self, input: &SecretInput, spent: &Secret) -> Result<Secret, Error> {
        let _ = spent;
        self.resolve(input).await
    }
    /// See [`FetchRequest::warn`]. By default the warning is dropped.
    fn warn(&self, warning: String) {
        drop(warning);
    }
}
