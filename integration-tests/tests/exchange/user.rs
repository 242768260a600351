//! A user with a subject token.

use std::fs;
use std::path::PathBuf;

use api_key_helper_backend::renewal;
use integration_tests::call::Call;
use integration_tests::home::Home;
use integration_tests::servers::TokenEndpoint;
use integration_tests::servers::token_endpoint::FEDERATION;
use integration_tests::state::State;
use serde_json::Value;
use tempfile::TempDir;

/// The source of all users.
pub(crate) const SOURCE: &str = "key";

/// A user with a profile `work`, of the one source `key`.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) home: Home,
    /// The folder of the token, which does not belong to the helper, and so is outside the home.
    elsewhere: TempDir,
}

impl User {
    /// Returns a user of the federation at `address`, whose token is the input `token`, with more
    /// lines of the source.
    pub(crate) fn with(address: &str, token: &str, source: &str) -> Self {
        let user = Self { home: Home::new(), elsewhere: tempfile::tempdir().unwrap() };
        let token = token.replace("FILE", &user.token_file().display().to_string());
        user.home.configure(&format!(
            "[profile.work]\nsources = [\"{SOURCE}\"]\n\n[source.{SOURCE}]\n\
             backend = \"exchange\"\ntoken_endpoint = \"{address}\"\ntoken = {token}\n{source}\n"
        ));
        user
    }

    /// Returns a user with a valid token in a file.
    pub(crate) fn of(endpoint: &TokenEndpoint, source: &str) -> Self {
        let source = format!("{FEDERATION}{source}");
        let user = Self::with(&endpoint.federation(), "{ file = \"FILE\" }", &source);
        user.rotate(&endpoint.token());
        user
    }

    /// Returns a user whose token comes from a program, which prints another one in each of
    /// `tokens` runs.
    pub(crate) fn with_program(endpoint: &TokenEndpoint, tokens: usize, source: &str) -> Self {
        let user = Self::of(endpoint, "");
        let tokens: Vec<String> = (0..tokens).map(|_| endpoint.token()).collect();
        user.rotate(&tokens.join("\n"));
        let body = format!("sed -n \"${{run}}p\" '{}'", user.token_file().display());
        let program = user.home.script("token", &body);
        let text = fs::read_to_string(user.home.config_file()).unwrap();
        let file = format!("{{ file = \"{}\" }}", user.token_file().display());
        let command = format!("{{ command = [\"{}\"] }}", program.display());
        user.home.configure(&format!("{}{source}\n", text.replace(&file, &command)));
        user
    }

    /// Writes another token into the file.
    pub(crate) fn rotate(&self, token: &str) {
        fs::write(self.token_file(), format!("{token}\n")).unwrap();
    }

    pub(crate) fn token_file(&self) -> PathBuf {
        self.elsewhere.path().join("token")
    }

    pub(crate) fn get(&self) -> Call {
        self.home.helper()
    }

    /// Returns the printed key, without any other output.
    #[track_caller]
    pub(crate) fn key(&self) -> String {
        self.get().run().key()
    }

    /// Returns the renewal that is saved beside the key.
    #[track_caller]
    pub(crate) fn kept(&self) -> Value {
        let kept = self.state().entry(SOURCE).renewal.expect("something that is kept");
        renewal::read(&kept).expect("JSON")
    }

    pub(crate) fn state(&self) -> State {
        self.home.state()
    }
}
