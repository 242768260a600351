//! What a backend is: one way of obtaining a key.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde::Deserialize;

use crate::ambient::{self, Ambient};
use crate::{Error, Key, Secret};

/// One way of obtaining a key. An implementation knows its server and nothing else: no cache, no
/// retry, no terminal, no other backend.
#[async_trait]
pub trait Backend: fmt::Debug + Send + Sync {
    /// One attempt to obtain a key without a human. Never retries, sleeps between attempts, caches,
    /// prints or prompts.
    ///
    /// # Errors
    /// Their kind decides what the engine does next, see [`crate::ErrorKind`].
    async fn fetch(&self, request: &FetchRequest<'_>) -> Result<Credential, Error>;

    /// Obtains a key by talking to a human.
    ///
    /// # Errors
    /// As [`Backend::fetch`]; `Misconfigured` where the backend knows no login.
    async fn login(
        &self,
        request: &FetchRequest<'_>,
        prompt: &dyn Prompt,
    ) -> Result<Credential, Error> {
        let _ = (request, prompt);
        Err(Error::misconfigured("this backend has no login"))
    }

    /// Whether a human can sign in to it, and [`Backend::login`] is therefore worth offering. By default
    /// not.
    fn has_login(&self) -> bool {
        false
    }

    /// Gives the credential back: revokes a token or a lease. By default there is nothing to do.
    ///
    /// # Errors
    /// As [`Backend::fetch`].
    async fn revoke(&self, request: &FetchRequest<'_>) -> Result<(), Error> {
        let _ = request;
        Ok(())
    }

    /// The time by the clock of the source's server, asked for without a credential and without a
    /// human; `None` where there is no server, or where it tells no time. For `doctor`: lifetimes are
    /// reckoned by two clocks. By default there is no server.
    ///
    /// # Errors
    /// As [`Backend::fetch`].
    async fn server_time(&self, request: &FetchRequest<'_>) -> Result<Option<SystemTime>, Error> {
        let _ = request;
        Ok(None)
    }

    /// Whether what it keeps as a renewal spares the next fetch something, and is no mere note to
    /// itself: only then is it shown. By default so.
    fn renews(&self) -> bool {
        true
    }

    /// What `renewal`, which this backend made, tells of the login that it comes from: shown when
    /// somebody has logged in, and later as the source's state. Asks nobody. By default nothing.
    fn sign_in(&self, renewal: &Secret) -> Option<SignIn> {
        let _ = renewal;
        None
    }
}

/// A login as it is shown to the human.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignIn {
    /// Who signed in, by the name that the human knows best.
    pub account: Option<String>,
    /// When a human is needed again, if that is known: past for a login that has ended.
    pub expires_at: Option<SystemTime>,
    /// What was granted.
    pub scopes: Vec<String>,
    /// What was asked for and not granted.
    pub missing_scopes: Vec<String>,
}

/// What a backend returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The key itself.
    pub key: Key,
    /// The issuer's end of the key's validity, if the answer says so. Hard: nothing is printed after
    /// it. For a key that is a JWT the engine reads `exp` by itself.
    pub expires_at: Option<SystemTime>,
    /// When the issuer will have a newer key, if it says so.
    pub refresh_at: Option<SystemTime>,
    /// What makes the next fetch possible without a human. `None` leaves the one that is kept.
    pub renewal: Option<Secret>,
}

impl Credential {
    /// A key of which nothing else is known.
    #[must_use]
    pub const fn new(key: Key) -> Self {
        Self { key, expires_at: None, refresh_at: None, renewal: None }
    }
}

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

    /// Reads a secret input again, for one that is good for one use: another key of its source than
    /// `spent`, fetched anew where that is the one that is cached. A variable, a file or a program is
    /// only read afresh. What comes can still be equal to `spent`, where there is no other.
    ///
    /// # Errors
    /// As [`FetchRequest::resolve`].
    pub async fn resolve_anew(&self, input: &SecretInput, spent: &Secret) -> Result<Secret, Error> {
        self.attempt.resolve_anew(input, spent).await
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
}

/// Where a backend's own secret is to be found, never what it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "SecretInputTable"))]
#[serde(try_from = "SecretInputTable")]
pub enum SecretInput {
    /// The identity that this place gives to what runs here.
    Ambient(Ambient),
    /// What a program prints; the program's absolute path and its arguments.
    Command(Vec<String>),
    /// The value of an environment variable.
    Env(String),
    /// The content of a file, without the white space around it.
    File(PathBuf),
    /// The key of another source.
    Source(String),
}

/// How a [`SecretInput`] is written.
#[derive(Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend("oneOf" = [
        { "required": ["ambient"] },
        { "required": ["command"] },
        { "required": ["env"] },
        { "required": ["file"] },
        { "required": ["source"] },
    ]))
)]
#[serde(deny_unknown_fields, expecting = "a table such as `{ env = \"NAME\" }`")]
struct SecretInputTable {
    /// The identity that a pod, a job or a workload on AWS has anyway.
    ambient: Option<ambient::Name>,
    /// Whom it is for; with `ambient = "github-actions"` alone.
    ///
    /// Default: the repository's owner.
    audience: Option<String>,
    /// What a program prints: its path, and its arguments.
    command: Option<Vec<String>>,
    /// The value of a variable.
    env: Option<String>,
    /// The content of a file, without the white space around it.
    file: Option<PathBuf>,
    /// The key of another source.
    source: Option<String>,
}

impl TryFrom<SecretInputTable> for SecretInput {
    type Error = &'static str;

    fn try_from(table: SecretInputTable) -> Result<Self, Self::Error> {
        let SecretInputTable { ambient, audience, command, env, file, source } = table;
        if ambient.is_none() && audience.is_some() {
            return Err("an `audience` stands beside `ambient = \"github-actions\"`");
        }
        let ambient = ambient.map(|name| Ambient::named(name, audience)).transpose()?;
        let mut places = [
            ambient.map(Self::Ambient),
            command.map(Self::Command),
            env.map(Self::Env),
            file.map(Self::File),
            source.map(Self::Source),
        ]
        .into_iter()
        .flatten();
        match (places.next(), places.next()) {
            (Some(input), None) => Ok(input),
            _ => Err(
                "a secret input names exactly one of `env`, `file`, `command`, `source` and `ambient`",
            ),
        }
    }
}

/// How a login speaks with the human in front of it.
#[async_trait]
pub trait Prompt: Send + Sync {
    /// Shows where to go and what to type there (RFC 8628, section 3.3), and returns at once: the
    /// backend polls meanwhile.
    async fn show(&self, code: &DeviceCode<'_>);

    /// Shows the page that a browser of this machine must go to (RFC 8252, section 4), opens it where
    /// somebody would see that, and returns at once: the backend waits for the browser meanwhile.
    async fn browse(&self, page: &SignInPage<'_>);
}

/// What a human needs for a device login.
#[derive(Clone, Copy, Debug)]
pub struct DeviceCode<'a> {
    /// Where to go.
    pub verification_uri: &'a str,
    /// The same with the code in it, for a QR code or a browser.
    pub verification_uri_complete: Option<&'a str>,
    /// What to type there.
    pub user_code: &'a str,
    /// When the code ends.
    pub expires_at: SystemTime,
}

/// Where a human signs in whose browser is on this machine.
#[derive(Clone, Copy, Debug)]
pub struct SignInPage<'a> {
    /// The page's address, which holds no secret.
    pub address: &'a str,
    /// The port of this machine's loopback that the browser comes back to.
    pub port: u16,
    /// Until when the browser is waited for.
    pub expires_at: SystemTime,
}
