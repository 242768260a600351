//! A user who logs in, and the output during the login.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use api_key_helper_cache::Entry;
use integration_tests::call::{Answer, Call, Running};
use integration_tests::home::Home;
use integration_tests::process::Process;
use integration_tests::servers::OidcProvider;
use integration_tests::state::State;
use integration_tests::wait::until;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

/// The source of all users.
pub(crate) const SOURCE: &str = "sso";
/// The hint for a user without a valid login.
pub(crate) const COMMAND: &str = "run `api-key-helper login --source sso`";

/// A user with a profile `work`, of the one source `sso`.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) home: Home,
}

impl User {
    /// Returns a user whose source has only the issuer and the client.
    pub(crate) fn of(provider: &OidcProvider) -> Self {
        Self::with(provider, "")
    }

    /// Returns a user whose source has more lines.
    pub(crate) fn with(provider: &OidcProvider, source: &str) -> Self {
        Self::at(provider.issuer(), source)
    }

    pub(crate) fn at(issuer: &str, source: &str) -> Self {
        Self::with_profile(issuer, "", source)
    }

    /// Returns a user whose profile has more lines as well.
    pub(crate) fn with_profile(issuer: &str, profile: &str, source: &str) -> Self {
        let user = Self { home: Home::new() };
        user.write(issuer, profile, source);
        user
    }

    /// Writes another configuration.
    pub(crate) fn configure(&self, provider: &OidcProvider, source: &str) {
        self.write(provider.issuer(), "", source);
    }

    fn write(&self, issuer: &str, profile: &str, source: &str) {
        self.home.configure(&format!(
            "[profile.work]\nsources = [\"{SOURCE}\"]\n{profile}\n\n[source.{SOURCE}]\nbackend = \"oidc\"\n\
             issuer = \"{issuer}\"\nclient_id = \"helper\"\n{source}\n"
        ));
    }

    /// Returns the same user after an approved login.
    #[track_caller]
    pub(crate) fn signed_in(provider: &OidcProvider, source: &str) -> Self {
        let user = Self::with(provider, source);
        user.sign_in(provider);
        user
    }

    /// Logs in without a terminal, and returns the output.
    #[track_caller]
    pub(crate) fn sign_in(&self, provider: &OidcProvider) -> Answer {
        let login = self.login();
        provider.approve(&login.code());
        let answer = login.finish();
        assert_eq!((answer.code, &*answer.stdout), (Some(0), ""), "{answer:?}");
        answer
    }

    /// Starts a login without a terminal.
    #[track_caller]
    pub(crate) fn login(&self) -> Login {
        Login::start(&self.home.call(["login"]))
    }

    pub(crate) fn get(&self) -> Call {
        self.home.call(["get"])
    }

    /// Returns the key that `get` prints, without any other output.
    #[track_caller]
    pub(crate) fn key(&self) -> String {
        self.get().run().key()
    }

    /// Returns the source's part of `status --json`.
    #[track_caller]
    pub(crate) fn status(&self) -> Value {
        let answer = self.home.call(["status", "--json"]).run();
        let status: Value = serde_json::from_str(answer.assert_printed()).expect("JSON");
        status["sources"][0].clone()
    }

    /// Returns the saved refresh token.
    #[track_caller]
    pub(crate) fn refresh_token(&self) -> String {
        refresh_token(&self.state().entry(SOURCE))
    }

    /// Returns the saved refresh tokens of all settings.
    #[track_caller]
    pub(crate) fn refresh_tokens(&self) -> Vec<String> {
        self.state().entries().iter().map(refresh_token).collect()
    }

    pub(crate) fn state(&self) -> State {
        self.home.state()
    }

    /// Returns all files of the state folder.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let folder = self.state().path().to_owned();
        let files = self.state().files("");
        files.into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
    }
}

#[track_caller]
fn refresh_token(entry: &Entry) -> String {
    let renewal = entry.renewal.as_ref().expect("a renewal");
    let renewal: Value = serde_json::from_str(renewal.expose()).unwrap();
    renewal["standing"]["alive"]["refresh_token"].as_str().expect("a live one").to_owned()
}

/// A login that waits for its user.
#[derive(Debug)]
pub(crate) struct Login {
    running: Running,
    shown: PathBuf,
    /// Outside the user's home, where tests must leave nothing.
    _folder: TempDir,
}

impl Login {
    /// Starts `call` with stderr in a file, so that it can be read during the login.
    #[track_caller]
    pub(crate) fn start(call: &Call) -> Self {
        Self::start_in(call, &["sh", "-c", "exec \"$@\" 2>\"$0\""].map(str::to_owned))
    }

    /// Starts `call` under `wrapper`, whose next argument is the output file.
    #[track_caller]
    pub(crate) fn start_in(call: &Call, wrapper: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shown = folder.path().join("shown");
        fs::write(&shown, "").unwrap();
        let file = shown.to_str().unwrap().to_owned();
        let running = call.clone().under(wrapper.iter().cloned().chain([file])).start();
        Self { running, shown, _folder: folder }
    }

    /// Returns the output so far.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8(fs::read(&self.shown).unwrap()).unwrap()
    }

    /// Returns the user code, once it is shown.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        until("the user code is shown", || {
            let shown = self.shown();
            let (_, rest) = shown.split_once("api-key-helper: code: ")?;
            rest.split_once('\n').map(|(code, _)| code.to_owned())
        })
    }

    /// Returns the address to open, once it is shown.
    #[track_caller]
    pub(crate) fn address(&self) -> String {
        until("the address is shown", || {
            let shown = self.shown();
            let (_, rest) = shown.split_once("api-key-helper: open: ")?;
            rest.split_once('\n').map(|(address, _)| address.to_owned())
        })
    }

    pub(crate) fn process(&self) -> Process {
        self.running.process()
    }

    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }

    /// Waits for the end. Returns the output as stderr.
    #[track_caller]
    pub(crate) fn finish(self) -> Answer {
        let Self { running, shown, _folder } = self;
        let answer = running.finish();
        assert_eq!(answer.stderr, "", "{answer:?}");
        Answer { stderr: fs::read_to_string(shown).unwrap(), ..answer }
    }
}
