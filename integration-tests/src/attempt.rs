//! A source in the place that the engine gives it: what a backend's own tests are made of.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use api_key_helper_backend::{Attempt, Backend, Credential, SecretInput};
use api_key_helper_values::{Error, ErrorKind, Secret};
use async_trait::async_trait;
use serde_json::Value;

use crate::wait;

/// A source, and what the engine would keep for it.
#[derive(Debug)]
pub struct Source {
    name: &'static str,
    backend: Box<dyn Backend>,
    /// Where in a renewal its secrets are, as JSON pointers.
    secrets: &'static [&'static str],
    /// The renewal that the engine would have.
    pub renewal: Option<Secret>,
    /// What another process has kept meanwhile.
    pub newer: Option<Secret>,
    /// How much later than now the next attempt believes it is.
    pub later: Duration,
    /// The time of an attempt.
    pub time: Duration,
    /// What the environment has.
    pub variables: BTreeMap<String, String>,
    /// What other sources would give.
    pub sources: BTreeMap<String, String>,
    /// What they give when they are asked anew, in order.
    pub anew: Arc<Mutex<VecDeque<String>>>,
    /// What no error may show, beside the secrets that are kept.
    pub hidden: Vec<String>,
    /// The key that was fetched last will not do.
    pub wants_another_key: bool,
    /// The disk takes nothing.
    pub disk_full: bool,
    /// It fails although it had room.
    pub disk_broken: bool,
    /// Has a line `keep` for each renewal that is kept; others may write there too.
    pub log: Log,
}

/// What happened, in order.
pub type Log = Arc<Mutex<Vec<String>>>;

impl Source {
    /// The source of that name, whose renewals have secrets at these JSON pointers.
    #[must_use]
    pub fn new(
        name: &'static str,
        backend: Box<dyn Backend>,
        secrets: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            backend,
            secrets,
            renewal: None,
            newer: None,
            later: Duration::ZERO,
            time: Duration::from_secs(10),
            variables: BTreeMap::new(),
            sources: BTreeMap::new(),
            anew: Arc::default(),
            hidden: Vec::new(),
            wants_another_key: false,
            disk_full: false,
            disk_broken: false,
            log: Log::default(),
        }
    }

    /// One attempt, after which the renewal is what the engine would have.
    ///
    /// # Errors
    /// The backend's, which tells no secret.
    pub fn fetch(&mut self) -> Result<Credential, Error> {
        self.obtain(async |backend, attempt| backend.fetch(attempt).await)
    }

    /// The key of an attempt that must succeed.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn key(&mut self) -> String {
        self.fetch()
            .unwrap_or_else(|error| panic!("{:?} {}", error.kind(), error.report()))
            .key
            .expose()
            .to_owned()
    }

    /// The error of an attempt that must fail so.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn error(&mut self, kind: ErrorKind) -> Error {
        let error = self.fetch().unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.report());
        error
    }

    /// Gives everything back.
    ///
    /// # Errors
    /// The backend's, which tells no secret.
    #[track_caller]
    pub fn revoke(&mut self) -> Result<(), Error> {
        let result = self.attempt(async |backend, attempt| backend.revoke(attempt).await);
        result.inspect_err(|error| self.check(error))
    }

    /// The time by the server's clock.
    ///
    /// # Errors
    /// The backend's.
    pub fn server_time(&mut self) -> Result<Option<SystemTime>, Error> {
        self.attempt(async |backend, attempt| backend.server_time(attempt).await)
    }

    /// What `run` obtains, after which the renewal is what the engine would have.
    ///
    /// # Errors
    /// Those of `run`.
    ///
    /// # Panics
    /// When an error tells a secret, or is in another form than all errors.
    #[track_caller]
    pub fn obtain(
        &mut self,
        run: impl AsyncFnOnce(&dyn Backend, &dyn Attempt) -> Result<Credential, Error>,
    ) -> Result<Credential, Error> {
        let result = self.attempt(run);
        match &result {
            Ok(Credential { renewal: Some(renewal), .. }) => self.renewal = Some(renewal.clone()),
            Ok(_) => {}
            Err(error) => self.check(error),
        }
        result
    }

    /// The source `name` gives `secret` from now on, which no error may show.
    pub fn give(&mut self, name: &str, secret: &str) {
        self.sources.insert(name.to_owned(), secret.to_owned());
        self.hidden.push(secret.to_owned());
    }

    /// And `secret`, where a source is asked anew.
    ///
    /// # Panics
    /// When another thread has.
    pub fn give_anew(&mut self, secret: &str) {
        self.anew.lock().unwrap().push_back(secret.to_owned());
        self.hidden.push(secret.to_owned());
    }

    /// What happened so far.
    ///
    /// # Panics
    /// When another thread has.
    #[must_use]
    pub fn happened(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// What the backend says, without an attempt.
    #[must_use]
    pub fn backend(&self) -> &dyn Backend {
        self.backend.as_ref()
    }

    /// What is kept, as it is written.
    ///
    /// # Panics
    /// When that is not JSON.
    #[must_use]
    pub fn kept(&self) -> Value {
        self.renewal
            .as_ref()
            .map_or(Value::Null, |renewal| serde_json::from_str(renewal.expose()).unwrap())
    }

    /// All that the renewal holds in secrets.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let kept = self.kept();
        self.secrets
            .iter()
            .filter_map(|pointer| Some(kept.pointer(pointer)?.as_str()?.to_owned()))
            .filter(|secret| !secret.is_empty())
            .collect()
    }

    fn attempt<T>(&mut self, run: impl AsyncFnOnce(&dyn Backend, &dyn Attempt) -> T) -> T {
        let end = wait::now() + self.time;
        let attempt = SourceAttempt { source: self, end, stored: Mutex::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let result = runtime.block_on(run(self.backend.as_ref(), &attempt));
        if let Some(stored) = attempt.stored.into_inner().unwrap() {
            self.renewal = Some(stored);
        }
        result
    }

    #[track_caller]
    fn check(&self, error: &Error) {
        let shown = format!("{}{error:?}", error.report());
        for secret in self.secrets().iter().chain(&self.hidden) {
            assert!(!shown.contains(secret), "a secret is shown: {shown}");
        }
        let message = error.message();
        assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
        assert!(!message.starts_with(char::is_uppercase), "{message}");
    }
}

#[derive(Debug)]
struct SourceAttempt<'a> {
    source: &'a Source,
    end: Instant,
    stored: Mutex<Option<Secret>>,
}

#[async_trait]
impl Attempt for SourceAttempt<'_> {
    #[expect(clippy::disallowed_methods, reason = "the servers' lifetimes are real ones")]
    fn now(&self) -> SystemTime {
        SystemTime::now() + self.source.later
    }

    fn time_left(&self) -> Duration {
        self.end.saturating_duration_since(wait::now())
    }

    fn chain(&self) -> &str {
        self.source.name
    }

    fn renewal(&self) -> Option<&Secret> {
        self.source.renewal.as_ref()
    }

    fn wants_another_key(&self) -> bool {
        self.source.wants_another_key
    }

    async fn store_renewal(&self, renewal: &Secret) -> Result<(), Error> {
        self.reserve_space().await?;
        if self.source.disk_broken {
            return Err(Error::transient("the disk is broken"));
        }
        self.source.log.lock().unwrap().push("keep".to_owned());
        *self.stored.lock().unwrap() = Some(renewal.clone());
        Ok(())
    }

    async fn reserve_space(&self) -> Result<(), Error> {
        if self.source.disk_full { Err(Error::transient("the disk is full")) } else { Ok(()) }
    }

    async fn newer_renewal(&self) -> Result<Option<Secret>, Error> {
        Ok(self.source.newer.clone())
    }

    async fn resolve(&self, input: &SecretInput) -> Result<Secret, Error> {
        let found = match input {
            SecretInput::Env(name) => self.source.variables.get(name).cloned(),
            SecretInput::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => Some(text.trim().to_owned()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => panic!("{error}"),
            },
            SecretInput::Source(name) => self.source.sources.get(name).cloned(),
            SecretInput::Ambient(_) | SecretInput::Command(_) => panic!("{input:?}"),
        };
        found
            .map(Secret::from)
            .ok_or_else(|| Error::misconfigured(format!("there is no {input:?}")))
    }

    async fn resolve_again(&self, input: &SecretInput, _: &Secret) -> Result<Secret, Error> {
        self.source.log.lock().unwrap().push("anew".to_owned());
        let anew = self.source.anew.lock().unwrap().pop_front();
        match anew {
            Some(token) => Ok(Secret::from(token)),
            None => self.resolve(input).await,
        }
    }

    fn warn(&self, _: String) {}
}
