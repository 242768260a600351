//! A stand-in for the engine, for the tests of a backend.
//!
//! The feature `testing` adds it, for `[dev-dependencies]`. A [`FakeEngine`] gives a backend its
//! attempts, stores what the engine would store between them, and holds every error to the
//! [rules](crate#errors): its form, and that it shows no secret.
//!
//! ```
//! use std::time::Duration;
//!
//! use api_key_helper_backend::testing::FakeEngine;
//! use api_key_helper_backend::{
//!     Attempt, Backend, Credential, Error, ErrorKind, Key, Secret, SecretInput, async_trait,
//! };
//!
//! /// Its server would rotate the token at each call.
//! #[derive(Debug)]
//! struct Rotating {
//!     token: SecretInput,
//! }
//!
//! #[async_trait]
//! impl Backend for Rotating {
//!     async fn fetch(&self, attempt: &dyn Attempt) -> Result<Credential, Error> {
//!         let token = attempt.resolve(&self.token).await?;
//!         attempt.reserve_space().await?;
//!         attempt.store_renewal(&Secret::from("token-2")).await?;
//!         let key = Key::parse("sk-1").map_err(|why| Error::transient(why.to_string()))?;
//!         # let _ = token;
//!         Ok(Credential::new(key).with_expires_at(attempt.now() + Duration::from_secs(3600)))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let token = SecretInput::Env("COMPANY_TOKEN".to_owned());
//! let backend = Rotating { token: token.clone() };
//! let mut engine = FakeEngine::default();
//!
//! let error = engine.fetch(&backend).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Misconfigured, "there is no token");
//!
//! engine.give(token, "token-1");
//! let credential = engine.fetch(&backend).await.unwrap();
//! assert_eq!(credential.key.expose(), "sk-1");
//! assert_eq!(credential.expires_at, Some(engine.now() + Duration::from_secs(3600)));
//! assert_eq!(engine.renewal, Some(Secret::from("token-2")));
//! assert_eq!(engine.log.events(), ["reserve_space", "store_renewal"]);
//! # }
//! ```

use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;

use crate::{Attempt, Backend, Credential, Error, Prompt, Secret, SecretInput, Variables, text};

/// Stands in for the engine: what attempts see of it, and what it stores between them.
///
/// By default it is 1 January 2030, an attempt has 10 s, nothing is stored, no input has a value,
/// and the disk works. It is an [`Attempt`] itself, for a call that is none of those below.
#[derive(Debug)]
#[non_exhaustive]
pub struct FakeEngine {
    /// The wall clock.
    pub clock: Clock,
    /// The time of each attempt.
    pub time: Duration,
    /// The value of [`Attempt::chain`].
    pub chain: String,
    /// The stored renewal. An attempt that stores or returns another one replaces it.
    pub renewal: Option<Secret>,
    /// The renewal that another process has stored since.
    pub newer_renewal: Option<Secret>,
    /// The value of [`Attempt::wants_another_key`].
    pub wants_another_key: bool,
    /// The state of the disk that renewals are stored on.
    pub disk: Disk,
    /// The environment, for inputs such as `{ env = "NAME" }`. Unlike the value of an input that
    /// was [given](Self::give), an error may show one of these.
    pub variables: Variables,
    /// JSON pointers (RFC 6901) to the secrets of a renewal, which no error may show.
    pub secrets: &'static [&'static str],
    /// The calls by which the attempts stored something or asked for something again, by their
    /// names.
    pub log: Log,
    inputs: Vec<(SecretInput, Secret)>,
    again: Mutex<Vec<Secret>>,
    hidden: Vec<Secret>,
    stored: Mutex<Option<Secret>>,
    warnings: Mutex<Vec<String>>,
    /// The beginning of the current attempt, by the real clock.
    began: Instant,
}

/// A clock of a [`FakeEngine`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Clock {
    /// The real time and so much more, for tests with real servers. An attempt's time runs out.
    Running(Duration),
    /// This time, until the test sets another one. An attempt's time never runs out.
    Stopped(SystemTime),
}

/// A disk that renewals are stored on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disk {
    /// It reserves space, and then stores nothing.
    Broken,
    /// It reserves no space, and stores nothing.
    Full,
    /// It stores everything.
    #[default]
    Works,
}

/// The events of a test, in order. Clones share them, so that a fake server can add its own.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Adds an event.
    pub fn add(&self, event: impl Into<String>) {
        locked(&self.0).push(event.into());
    }

    /// Returns all events.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        locked(&self.0).clone()
    }

    /// Forgets all events.
    pub fn clear(&self) {
        locked(&self.0).clear();
    }
}

impl FakeEngine {
    /// Gives `input` this value, in place of the one before it. No error may show either.
    pub fn give(&mut self, input: SecretInput, secret: &str) {
        self.hide(secret);
        self.inputs.retain(|(given, _)| *given != input);
        self.inputs.push((input, secret.into()));
    }

    /// Gives the next input that is [resolved again](Attempt::resolve_again) this value. After
    /// several calls, the first value is the first to be taken.
    pub fn give_again(&mut self, secret: &str) {
        self.hide(secret);
        locked(&self.again).push(secret.into());
    }

    /// Declares a secret that no error may show.
    pub fn hide(&mut self, secret: &str) {
        self.hidden.push(secret.into());
    }

    /// Makes one attempt to fetch a key.
    ///
    /// # Errors
    /// The backend's.
    ///
    /// # Panics
    /// If the error breaks a rule.
    pub async fn fetch(&mut self, backend: &dyn Backend) -> Result<Credential, Error> {
        self.begin();
        let result = backend.fetch(self).await;
        self.end(result)
    }

    /// Signs in.
    ///
    /// # Errors
    /// The backend's.
    ///
    /// # Panics
    /// If the error breaks a rule.
    pub async fn login(
        &mut self,
        backend: &dyn Backend,
        prompt: &dyn Prompt,
    ) -> Result<Credential, Error> {
        self.begin();
        let result = backend.login(self, prompt).await;
        self.end(result)
    }

    /// Gives the stored renewal back. It stays stored, for a test to look at.
    ///
    /// # Errors
    /// The backend's.
    ///
    /// # Panics
    /// If the error breaks a rule.
    pub async fn revoke(&mut self, backend: &dyn Backend) -> Result<(), Error> {
        self.begin();
        let result = backend.revoke(self).await;
        self.store();
        result.inspect_err(|error| self.check(error))
    }

    /// Asks for the time of the server.
    ///
    /// # Errors
    /// The backend's.
    ///
    /// # Panics
    /// If the error breaks a rule.
    pub async fn server_time(
        &mut self,
        backend: &dyn Backend,
    ) -> Result<Option<SystemTime>, Error> {
        self.begin();
        let result = backend.server_time(self).await;
        result.inspect_err(|error| self.check(error))
    }

    /// Returns the warnings of all attempts.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        locked(&self.warnings).clone()
    }

    /// Returns the secrets of the stored renewal, which [`FakeEngine::secrets`] point to.
    #[must_use]
    pub fn stored_secrets(&self) -> Vec<String> {
        let stored = self.renewal.as_ref().and_then(crate::renewal::read::<serde_json::Value>);
        let stored = stored.unwrap_or_default();
        let texts = self.secrets.iter().filter_map(|pointer| stored.pointer(pointer)?.as_str());
        texts.filter(|secret| !secret.is_empty()).map(str::to_owned).collect()
    }

    /// Checks that an error has the form of all errors, and shows no secret.
    ///
    /// # Panics
    /// If it breaks a rule.
    #[track_caller]
    pub fn check(&self, error: &Error) {
        let shown = format!("{}{error:?}", error.report());
        let stored = self.stored_secrets();
        let hidden =
            self.hidden.iter().map(Secret::expose).chain(stored.iter().map(String::as_str));
        for secret in hidden.filter(|secret| !secret.is_empty()) {
            assert!(!shown.contains(secret), "the error shows a secret: {shown}");
        }
        check_form(error.message());
    }

    fn begin(&mut self) {
        self.began = now();
    }

    /// Stores what the attempt has stored, and after it what its answer brings.
    #[track_caller]
    fn end(&mut self, result: Result<Credential, Error>) -> Result<Credential, Error> {
        self.store();
        match &result {
            Ok(Credential { renewal: Some(renewal), .. }) => self.renewal = Some(renewal.clone()),
            Ok(_) => {}
            Err(error) => self.check(error),
        }
        result
    }

    fn store(&mut self) {
        if let Some(stored) = locked(&self.stored).take() {
            self.renewal = Some(stored);
        }
    }
}

impl Default for FakeEngine {
    fn default() -> Self {
        Self {
            clock: Clock::Stopped(SystemTime::UNIX_EPOCH + JANUARY_2030),
            time: Duration::from_secs(10),
            chain: "source".to_owned(),
            renewal: None,
            newer_renewal: None,
            wants_another_key: false,
            disk: Disk::default(),
            variables: Variables::new(),
            secrets: &[],
            log: Log::default(),
            inputs: Vec::new(),
            again: Mutex::default(),
            hidden: Vec::new(),
            stored: Mutex::default(),
            warnings: Mutex::default(),
            began: now(),
        }
    }
}

#[async_trait]
impl Attempt for FakeEngine {
    fn now(&self) -> SystemTime {
        match self.clock {
            Clock::Running(later) => real_time() + later,
            Clock::Stopped(time) => time,
        }
    }

    fn time_left(&self) -> Duration {
        match self.clock {
            Clock::Running(_) => self.time.saturating_sub(now() - self.began),
            Clock::Stopped(_) => self.time,
        }
    }

    fn chain(&self) -> &str {
        &self.chain
    }

    fn renewal(&self) -> Option<&Secret> {
        self.renewal.as_ref()
    }

    fn wants_another_key(&self) -> bool {
        self.wants_another_key
    }

    async fn store_renewal(&self, renewal: &Secret) -> Result<(), Error> {
        self.log.add("store_renewal");
        if self.disk != Disk::Works {
            return Err(Error::transient("the disk stores nothing"));
        }
        *locked(&self.stored) = Some(renewal.clone());
        Ok(())
    }

    async fn reserve_space(&self) -> Result<(), Error> {
        self.log.add("reserve_space");
        match self.disk {
            Disk::Full => Err(Error::transient("the disk is full")),
            Disk::Broken | Disk::Works => Ok(()),
        }
    }

    async fn newer_renewal(&self) -> Result<Option<Secret>, Error> {
        Ok(self.newer_renewal.clone())
    }

    async fn resolve(&self, input: &SecretInput) -> Result<Secret, Error> {
        if let Some((_, secret)) = self.inputs.iter().find(|(given, _)| given == input) {
            return Ok(secret.clone());
        }
        let content = match input {
            SecretInput::Env(name) => self.variables.get(name).map(|value| value.clone().into()),
            SecretInput::File(path) => fs::read(path).ok(),
            _ => None,
        };
        let content = content.ok_or_else(|| Error::misconfigured(format!("{input} is missing")))?;
        text::secret(&content).map_err(|error| error.at(input))
    }

    async fn resolve_again(&self, input: &SecretInput, _: &Secret) -> Result<Secret, Error> {
        self.log.add("resolve_again");
        let next = {
            let mut again = locked(&self.again);
            (!again.is_empty()).then(|| again.remove(0))
        };
        match next {
            Some(secret) => Ok(secret),
            None => self.resolve(input).await,
        }
    }

    fn warn(&self, warning: String) {
        check_form(&warning);
        locked(&self.warnings).push(warning);
    }
}

#[track_caller]
fn check_form(message: &str) {
    assert!(!message.starts_with(char::is_uppercase), "not in lower case: {message}");
    assert!(!message.ends_with('.'), "with a full stop: {message}");
    assert!(!message.contains('\n'), "more than one line: {message}");
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "real servers run by the real clock")]
fn real_time() -> SystemTime {
    SystemTime::now()
}

#[expect(clippy::disallowed_methods, reason = "real servers run by the real clock")]
fn now() -> Instant {
    Instant::now()
}

/// 2030-01-01T00:00:00Z.
const JANUARY_2030: Duration = Duration::from_secs(1_893_456_000);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Failing(fn(&str) -> String);

    #[async_trait]
    impl Backend for Failing {
        async fn fetch(&self, attempt: &dyn Attempt) -> Result<Credential, Error> {
            let token = attempt.resolve(&SecretInput::Source("sso".to_owned())).await?;
            Err(Error::denied((self.0)(token.expose())))
        }
    }

    async fn fail(message: fn(&str) -> String) -> Error {
        let mut engine = FakeEngine::default();
        engine.give(SecretInput::Source("sso".to_owned()), "token-1");
        engine.fetch(&Failing(message)).await.unwrap_err()
    }

    #[tokio::test]
    async fn backend_error_of_the_usual_form_is_returned() {
        assert_eq!(fail(|_| "the server says no".to_owned()).await.message(), "the server says no");
    }

    #[tokio::test]
    #[should_panic(expected = "shows a secret")]
    async fn backend_error_with_a_secret_input_fails_the_test() {
        fail(|token| format!("the server does not know {token}")).await;
    }

    #[tokio::test]
    #[should_panic(expected = "full stop")]
    async fn backend_error_with_a_full_stop_fails_the_test() {
        fail(|_| "the server says no.".to_owned()).await;
    }

    #[tokio::test]
    async fn full_or_broken_disk_stores_no_refresh_token() {
        for (disk, has_space) in [(Disk::Full, false), (Disk::Broken, true)] {
            let engine = FakeEngine { disk, ..FakeEngine::default() };
            assert_eq!(engine.reserve_space().await.is_ok(), has_space, "{disk:?}");
            assert!(engine.store_renewal(&Secret::from("token-2")).await.is_err(), "{disk:?}");
        }
    }

    #[tokio::test]
    async fn secret_input_resolved_again_takes_each_value_once() {
        let mut engine = FakeEngine::default();
        let input = SecretInput::Source("sso".to_owned());
        engine.give(input.clone(), "token-1");
        engine.give_again("token-2");
        let spent = engine.resolve(&input).await.unwrap();
        for expected in ["token-2", "token-1"] {
            let next = engine.resolve_again(&input, &spent).await.unwrap();
            assert_eq!(next.expose(), expected);
        }
    }
}
