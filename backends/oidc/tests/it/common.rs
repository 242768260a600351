//! A source in the place that the engine gives it.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use api_key_helper_backend::{
    Backend, Credential, DeviceCode, Error, Prompt, SecretInput, SignIn, SignInPage, SourceTable,
};
use async_trait::async_trait;
use integration_tests::servers::OidcProvider;
use integration_tests::source;

/// A source of this backend.
#[derive(Debug)]
pub(crate) struct Source(source::Source);

impl Source {
    /// The source that `toml` describes, for the client `helper`.
    pub(crate) fn new(toml: &str) -> Self {
        let toml = format!("client_id = 'helper'\n{toml}");
        let backend = build(&toml).unwrap_or_else(|error| panic!("{}", error.report()));
        let mut source = source::Source::new(backend, &["/standing/alive/refresh_token"]);
        source.time = Duration::from_secs(20);
        source.give(SecretInput::Env("OIDC_SECRET".to_owned()), "canary/+&1");
        Self(source)
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

    /// A login; `human` does what the human does with the user code, or with the page's address.
    pub(crate) fn login(&mut self, human: impl FnOnce(&str) + Send) -> Result<Credential, Error> {
        let (sender, codes) = channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                if let Ok(code) = codes.recv() {
                    let code: String = code;
                    human(&code);
                }
            });
            let prompt = Screen(Mutex::new(Some(sender)));
            let result = self.0.login(&prompt);
            drop(prompt.0.lock().unwrap().take());
            result
        })
    }

    /// What is told of the login that is kept.
    pub(crate) fn sign_in(&self) -> SignIn {
        self.backend().sign_in(self.renewal.as_ref().unwrap()).unwrap()
    }

    /// The refresh token that is kept.
    pub(crate) fn refresh_token(&self) -> String {
        self.stored()["standing"]["alive"]["refresh_token"].as_str().unwrap().to_owned()
    }
}

impl Deref for Source {
    type Target = source::Source;

    fn deref(&self) -> &source::Source {
        &self.0
    }
}

impl DerefMut for Source {
    fn deref_mut(&mut self) -> &mut source::Source {
        &mut self.0
    }
}

/// The backend that `toml` describes.
pub(crate) fn build(toml: &str) -> Result<Box<dyn Backend>, Error> {
    let table = SourceTable::from_toml("sso", toml, Path::new("/etc"), BTreeMap::new())?;
    api_key_helper_oidc::build(&table)
}

/// Hands the user code, or the page's address, to the human.
struct Screen(Mutex<Option<Sender<String>>>);

impl Screen {
    fn hand_over(&self, what: &str) {
        self.0.lock().unwrap().as_ref().unwrap().send(what.to_owned()).unwrap();
    }
}

#[async_trait]
impl Prompt for Screen {
    async fn show(&self, code: &DeviceCode<'_>) {
        let complete = code.verification_uri_complete.unwrap_or_default();
        assert!(complete.is_empty() || complete.contains(code.user_code), "{code:?}");
        self.hand_over(code.user_code);
    }

    async fn browse(&self, page: &SignInPage<'_>) {
        self.hand_over(page.address);
    }
}
