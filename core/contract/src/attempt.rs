//! The engine, as a backend sees it during one attempt.

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::text::Form;
use crate::{Error, Secret, SecretInput};

/// Carries [`Attempt::chain`] into a program that might call us again.
pub const CHAIN_VARIABLE: &str = "API_KEY_HELPER_CHAIN";

/// One attempt of a source, as its backend sees it: the clock, the secret inputs, and the renewal
/// that is stored for it.
///
/// The engine implements it. It may get further methods in any version.
#[async_trait]
pub trait Attempt: fmt::Debug + Send + Sync {
    /// Returns the time of the wall clock, for lifetimes.
    fn now(&self) -> SystemTime;

    /// Returns how much of the attempt's time is left. The engine drops the attempt when it is
    /// over: end what needs an orderly end, such as a child process, a little earlier.
    fn time_left(&self) -> Duration;

    /// The sources that are being fetched, outermost first, for a program that may call us again.
    fn chain(&self) -> &str;

    /// Returns the renewal that this source returned or stored last. Without one by default.
    fn renewal(&self) -> Option<&Secret> {
        None
    }

    /// Returns whether the key that the source gave last will not do: the API refuses it, or the
    /// user asked for a new one. What would only prolong that key is then no answer. By default any
    /// key will do.
    fn wants_another_key(&self) -> bool {
        false
    }

    /// Makes a new renewal durable before it returns, so that it survives whatever goes wrong later
    /// in the same attempt. Call it as soon as a server has rotated a token.
    ///
    /// # Errors
    /// Transient, when the disk refuses. The old renewal is then still the one on the disk.
    async fn store_renewal(&self, renewal: &Secret) -> Result<(), Error>;

    /// Makes sure that [`Attempt::store_renewal`] will have room on the disk. Call it before a
    /// request that makes the server forget the current renewal.
    ///
    /// # Errors
    /// Transient, when the disk is full or read-only: the request must not be sent.
    async fn reserve_space(&self) -> Result<(), Error>;

    /// Reads the renewal on the disk, and returns it when it is another one than this attempt's.
    /// Call it when a server has refused ours, before that is given up: another process may have
    /// replaced it. By default no other process does.
    ///
    /// # Errors
    /// Misconfigured, when what is on the disk is not ours to read.
    async fn newer_renewal(&self) -> Result<Option<Secret>, Error> {
        Ok(None)
    }

    /// Reads a secret input. Do so at every attempt, for projected tokens rotate on disk. The key
    /// of another source may be a cached one; the time until it is there is none of this attempt's.
    /// Where the attempt then ends in a refusal, the engine has that key fetched again, and repeats
    /// the attempt once.
    ///
    /// # Errors
    /// Misconfigured when it is not there; what its own source says when it is a source. The engine
    /// takes that for the attempt's own error.
    async fn resolve(&self, input: &SecretInput) -> Result<Secret, Error>;

    /// Reads a secret input as [`Attempt::resolve`] does, in the form that its use requires.
    ///
    /// # Errors
    /// As [`Attempt::resolve`]; Misconfigured when it has another form.
    async fn resolve_as(&self, input: &SecretInput, form: Form) -> Result<Secret, Error> {
        input.checked(self.resolve(input).await?, form)
    }

    /// Reads a secret input that is good for one use again: another key of its source than `spent`,
    /// fetched again where that is the one that is cached. A variable, a file or a program is read
    /// once more, which is what happens to every input by default. The result can still be equal to
    /// `spent`, where there is no other.
    ///
    /// # Errors
    /// As [`Attempt::resolve`].
    async fn resolve_again(&self, input: &SecretInput, spent: &Secret) -> Result<Secret, Error> {
        let _ = spent;
        self.resolve(input).await
    }

    /// Tells the user something about this attempt that is no error: one line, by the rules of an
    /// error's message. The call prints each warning once, after the key.
    fn warn(&self, warning: String);
}
