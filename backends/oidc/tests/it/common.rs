//! A source in the place that the engine gives it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{
    Attempt, Backend, Credential, DeviceCode, Error, ErrorKind, FetchRequest, Prompt, Secret,
    SecretInput, SignIn,
};
use async_trait::async_trait;
use integration_tests::servers::OidcProvider;
use integration_tests::wait;

/// What happened, in order.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

/// A source, and what the engine would keep for it.
#[derive(Debug)]
pub(crate) struct Source {
    backend: Box<dyn Backend>,
    pub(crate) renewal: Option<Secret>,
    /// What another process has kept meanwhile.
    pub(crate) newer: Option<Secret>,
    /// How much later than now the next attempt believes it is.
    pub(crate) later: Duration,
    /// The disk takes nothing.
    pub(crate) disk_full: bool,
    /// It fails although it had room.
    pub(crate) disk_broken: bool,
    /// Of what is kept, beside what a server may write there.
    pub(crate) log: Log,
}

impl Source {
    /// The source that `toml` describes, for the client `helper`.
    pub(crate) fn new(toml: &str) -> Self {
        let toml = format!("client_id = 'helper'\n{toml}");
        Self {
            backend: build(&toml).unwrap_or_else(|error| panic!("{}", error.report())),
            renewal: None,
            newer: None,
            later: Duration::ZERO,
            disk_full: false,
            disk_broken: false,
            log: Log::default(),
        }
    }

    /// A source of `provider` with some more lines.
    pub(crate) fn of(provider: &OidcProvider, toml: &str) -> Self {
        Self::new(&format!("issuer = '{}'\n{toml}", provider.issuer()))
    }

    /// The same after a login that was approved.
    pub(crate) fn signed_in(provider: &OidcProvider, toml: &str) -> Self {
        let mut source = Self::of(provider, toml);
        source.login(|code| provider.approve(code)).unwrap();
        source
    }

    /// A login; `human` does what the human does with the user code.
    pub(crate) fn login(&mut self, human: impl FnOnce(&str) + Send) -> Result<Credential, Error> {
        let (sender, codes) = channel();
        let result = thread::scope(|scope| {
            scope.spawn(move || {
                if let Ok(code) = codes.recv() {
                    let code: String = code;
                    human(&code);
                }
            });
            let prompt = Screen(Mutex::new(Some(sender)));
            self.attempt(async |backend, request| {
                let result = backend.login(&request, &prompt).await;
                drop(prompt.0.lock().unwrap().take());
                result
            })
        });
        self.engine_saves(&result);
        result
    }

    /// One attempt.
    pub(crate) fn fetch(&mut self) -> Result<Credential, Error> {
        let result = self.attempt(async |backend, request| backend.fetch(&request).await);
        self.engine_saves(&result);
        result
    }

    /// The key of an attempt that must succeed.
    pub(crate) fn key(&mut self) -> String {
        self.fetch().unwrap_or_else(|error| panic!("{}", error.report())).key.expose().to_owned()
    }

    /// The error of an attempt that must fail so.
    pub(crate) fn error(&mut self, kind: ErrorKind) -> Error {
        let error = self.fetch().unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.report());
        error
    }

    /// Gives everything back.
    pub(crate) fn revoke(&mut self) -> Result<(), Error> {
        self.attempt(async |backend, request| backend.revoke(&request).await)
    }

    /// What is told of the login that is kept.
    pub(crate) fn sign_in(&self) -> SignIn {
        self.backend.sign_in(self.renewal.as_ref().unwrap()).unwrap()
    }

    /// The refresh token that is kept.
    pub(crate) fn refresh_token(&self) -> String {
        let kept: serde_json::Value =
            serde_json::from_str(self.renewal.as_ref().unwrap().expose()).unwrap();
        kept["standing"]["alive"]["refresh_token"].as_str().unwrap().to_owned()
    }

    fn attempt<T>(&mut self, run: impl AsyncFnOnce(&dyn Backend, FetchRequest<'_>) -> T) -> T {
        let kept = Mutex::default();
        let attempt =
            TestAttempt { source: self, end: wait::now() + Duration::from_secs(20), kept: &kept };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let request = FetchRequest::new(self.renewal.as_ref(), &attempt);
        let result = runtime.block_on(run(self.backend.as_ref(), request));
        let kept: Option<Secret> = kept.into_inner().unwrap();
        if kept.is_some() {
            self.renewal = kept;
        }
        result
    }

    fn engine_saves(&mut self, result: &Result<Credential, Error>) {
        match result {
            Ok(Credential { renewal: Some(renewal), .. }) => self.renewal = Some(renewal.clone()),
            Ok(_) => {}
            Err(error) => self.check(error),
        }
    }

    /// No error tells what was kept, and each is in the form of all errors.
    fn check(&self, error: &Error) {
        let shown = format!("{}{error:?}", error.report());
        if let Some(renewal) = &self.renewal
            && renewal.expose().contains("alive")
        {
            assert!(!shown.contains(&self.refresh_token()), "a secret is shown: {shown}");
        }
        let message = error.message();
        assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
        assert!(!message.starts_with(char::is_uppercase), "{message}");
    }
}

/// The backend that `toml` describes.
pub(crate) fn build(toml: &str) -> Result<Box<dyn Backend>, Error> {
    let table = SourceTable::from_toml("sso", toml, Path::new("/etc"), BTreeMap::new())?;
    api_key_helper_oidc::build(&table)
}

/// Hands the user code to the human.
struct Screen(Mutex<Option<Sender<String>>>);

#[async_trait]
impl Prompt for Screen {
    async fn show(&self, code: &DeviceCode<'_>) {
        let complete = code.verification_uri_complete.unwrap_or_default();
        assert!(complete.is_empty() || complete.contains(code.user_code), "{code:?}");
        self.0.lock().unwrap().as_ref().unwrap().send(code.user_code.to_owned()).unwrap();
    }
}

#[derive(Debug)]
struct TestAttempt<'a> {
    source: &'a Source,
    end: Instant,
    kept: &'a Mutex<Option<Secret>>,
}

#[async_trait]
impl Attempt for TestAttempt<'_> {
    #[expect(clippy::disallowed_methods, reason = "the provider's lifetimes are real ones")]
    fn now(&self) -> SystemTime {
        SystemTime::now() + self.source.later
    }

    fn time_left(&self) -> Duration {
        self.end.saturating_duration_since(wait::now())
    }

    fn chain(&self) -> &'static str {
        "sso"
    }

    async fn keep(&self, renewal: &Secret) -> Result<(), Error> {
        self.make_room().await?;
        if self.source.disk_broken {
            return Err(Error::transient("the disk is broken"));
        }
        self.source.log.lock().unwrap().push("keep".to_owned());
        *self.kept.lock().unwrap() = Some(renewal.clone());
        Ok(())
    }

    async fn make_room(&self) -> Result<(), Error> {
        if self.source.disk_full { Err(Error::transient("the disk is full")) } else { Ok(()) }
    }

    async fn newer_renewal(&self) -> Result<Option<Secret>, Error> {
        Ok(self.source.newer.clone())
    }

    async fn resolve(&self, input: &SecretInput) -> Result<Secret, Error> {
        match input {
            SecretInput::Env(name) if name == "OIDC_SECRET" => Ok(Secret::from("canary/+&1")),
            other => panic!("{other:?}"),
        }
    }
}
