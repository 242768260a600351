//! A source whose backend asks real servers, by the real clock.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, SystemTime};

use api_key_helper_backend::testing::{Clock, FakeEngine};
use api_key_helper_backend::{Backend, Credential, Error, ErrorKind, Prompt, SecretInput};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// A backend, and the engine that asks it. A test can change both the engine's state and its clock.
#[derive(Debug)]
pub struct Source {
    backend: Box<dyn Backend>,
    engine: FakeEngine,
}

impl Source {
    /// A source whose renewals have secrets at these JSON pointers.
    #[must_use]
    pub fn new(backend: Box<dyn Backend>, secrets: &'static [&'static str]) -> Self {
        let mut engine = FakeEngine::default();
        engine.clock = Clock::Running(Duration::ZERO);
        engine.secrets = secrets;
        Self { backend, engine }
    }

    /// Makes one attempt.
    ///
    /// # Errors
    /// The backend's.
    pub fn fetch(&mut self) -> Result<Credential, Error> {
        runtime().block_on(self.engine.fetch(self.backend.as_ref()))
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

    /// Signs in.
    ///
    /// # Errors
    /// The backend's.
    pub fn login(&mut self, prompt: &dyn Prompt) -> Result<Credential, Error> {
        runtime().block_on(self.engine.login(self.backend.as_ref(), prompt))
    }

    /// Gives everything back.
    ///
    /// # Errors
    /// The backend's.
    pub fn revoke(&mut self) -> Result<(), Error> {
        runtime().block_on(self.engine.revoke(self.backend.as_ref()))
    }

    /// The time by the server's clock.
    ///
    /// # Errors
    /// The backend's.
    pub fn server_time(&mut self) -> Result<Option<SystemTime>, Error> {
        runtime().block_on(self.engine.server_time(self.backend.as_ref()))
    }

    /// Sets how much later than now the attempts believe it is.
    pub fn set_later(&mut self, later: Duration) {
        self.engine.clock = Clock::Running(later);
    }

    /// The other source `name` gives `secret` from now on.
    pub fn give_source(&mut self, name: &str, secret: &str) {
        self.engine.give(SecretInput::Source(name.to_owned()), secret);
    }

    /// The backend, for what it says without an attempt.
    #[must_use]
    pub fn backend(&self) -> &dyn Backend {
        self.backend.as_ref()
    }

    /// The stored renewal, as it is written.
    ///
    /// # Panics
    /// When that is not JSON.
    #[must_use]
    pub fn stored(&self) -> Value {
        let renewal = self.engine.renewal.as_ref();
        renewal.map_or(Value::Null, |renewal| serde_json::from_str(renewal.expose()).unwrap())
    }
}

impl Deref for Source {
    type Target = FakeEngine;

    fn deref(&self) -> &FakeEngine {
        &self.engine
    }
}

impl DerefMut for Source {
    fn deref_mut(&mut self) -> &mut FakeEngine {
        &mut self.engine
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}
