//! A company whose users log in at a provider, configured by a recipe's page, and one of its users.

use std::cell::RefCell;
use std::collections::BTreeSet;

use api_key_helper_cache::Entry;
use api_key_helper_values::Moment;
use integration_tests::call::{Answer, Call};
use integration_tests::files;
use integration_tests::home::Home;
use integration_tests::process::Process;
use integration_tests::secret_forms::SecretForms;
use integration_tests::servers::OidcProvider;
use integration_tests::servers::oidc_provider::Settings;
use integration_tests::sign_in::sign_in;
use integration_tests::state::State;
use serde_json::Value;

use crate::page::Page;
use crate::place::{Place, Recipe};

/// The first key of the company.
pub(crate) const KEY: &str = "sk-ant-made-up-recipe-0001";
/// The source with the login.
pub(crate) const INNER: &str = "sso";

pub(crate) struct Company {
    pub(crate) page: Page,
    pub(crate) provider: OidcProvider,
    pub(crate) place: Place,
    pub(crate) home: Home,
    recipe: Recipe,
    /// The secrets that were saved so far.
    secrets: RefCell<BTreeSet<String>>,
}

impl Company {
    pub(crate) fn new(recipe: Recipe) -> Self {
        Self::with(recipe, "", &Settings::default())
    }

    /// Returns a company with these settings of the provider, and more lines in the user's profile.
    pub(crate) fn with(recipe: Recipe, profile: &str, settings: &Settings) -> Self {
        let company = Self {
            page: Page::open(recipe.page()),
            provider: OidcProvider::with(settings),
            place: Place::new(recipe),
            home: Home::new(),
            recipe,
            secrets: RefCell::default(),
        };
        company.administer();
        company.configure(company.page.block("configuration"), profile);
        company
    }

    /// Does the administrator's part of the page, and stores the key.
    #[track_caller]
    pub(crate) fn administer(&self) {
        self.place.administer(&self.here(self.page.block("administrator")));
        self.place.put(KEY);
    }

    /// Writes the user's configuration, with more lines in the profile.
    pub(crate) fn configure(&self, block: &str, profile: &str) {
        let (before, after) = block.split_once("\n\n").expect("a profile, and then the sources");
        self.home.configure(&self.here(&format!("{before}\n{profile}\n\n{after}")));
    }

    /// Returns a text of the page, with the servers of this company.
    pub(crate) fn here(&self, text: &str) -> String {
        let issuer = self.provider.issuer();
        let host = issuer.trim_start_matches("http://");
        text.replace("https://login.example.com", issuer)
            .replace("login.example.com", host)
            .replace("https://vault.example.com:8200", self.place.address())
            .replace("\"api-key-helper\"", "\"helper\"")
            // moto does not support question marks, and does not check resources.
            .replace(
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/anthropic-??????",
                "*",
            )
    }

    /// Returns an output with the servers of the page.
    pub(crate) fn on_page(&self, text: &str) -> String {
        text.replace(self.provider.issuer(), "https://login.example.com")
            .replace(self.place.address(), "https://vault.example.com:8200")
            .replace(self.place.own_address(), "https://vault.example.com:8200")
            .replace(&*self.home.path().to_string_lossy(), "/home/ada")
    }

    /// Returns a call of the user.
    pub(crate) fn call(&self, arguments: &[&str]) -> Call {
        let call = self.home.call(arguments.iter().copied());
        match self.recipe {
            Recipe::Vault => call,
            Recipe::Aws => call
                .env("AWS_EC2_METADATA_DISABLED", "true")
                .env("AWS_ENDPOINT_URL", self.place.address()),
        }
    }

    /// Runs a call, and searches its output for saved secrets.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        self.heard(self.call(arguments).run())
    }

    #[track_caller]
    pub(crate) fn heard(&self, answer: Answer) -> Answer {
        self.learn();
        self.assert_clean("stderr", answer.stderr.as_bytes());
        if !self.secrets.borrow().contains(&answer.stdout) {
            self.assert_clean("stdout", answer.stdout.as_bytes());
        }
        answer
    }

    /// Returns the printed key.
    #[track_caller]
    pub(crate) fn get(&self) -> String {
        self.run(&[]).key()
    }

    /// Logs in as the user.
    #[track_caller]
    pub(crate) fn sign_in(&self) {
        self.heard(sign_in(&self.call(&["login"]), &self.provider));
    }

    /// Follows `block` as the user. Each line is a call; one without a command prints the key.
    #[track_caller]
    pub(crate) fn follow(&self, block: &str) {
        for line in block.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["api-key-helper"] => assert_eq!(self.get(), KEY),
                ["api-key-helper", "login"] => self.sign_in(),
                ["api-key-helper", ref others @ ..] => {
                    let answer = self.run(others);
                    assert_eq!(answer.code, Some(0), "{line}: {answer:?}");
                }
                _ => panic!("what is `{line}`?"),
            }
        }
    }

    /// Asserts this exit code, and the output that the page shows.
    #[track_caller]
    pub(crate) fn assert_says(&self, block: &str, code: i32, answer: &Answer) {
        answer.assert_error(code, &[]);
        self.page.assert_shows(block, &self.on_page(&answer.stderr));
    }

    /// Asserts that `status` shows the sources as `page` does.
    #[track_caller]
    pub(crate) fn assert_status(&self, page: &Page) {
        let answer = self.run(&["status"]);
        let status = self.on_page(answer.assert_printed());
        let (sources, _) = status.split_once("\ncaller").expect("sources, and the rest");
        page.assert_shows("status", sources);
    }

    /// Returns the numbers of refreshes at the provider, and of logins and reads at the server.
    pub(crate) fn costs(&self) -> [usize; 3] {
        let [logins, reads] = self.place.asked();
        [self.provider.asked("refresh_token"), logins, reads]
    }

    pub(crate) fn state(&self) -> State {
        self.home.state()
    }

    /// Returns the entry of the source with the login.
    pub(crate) fn inner(&self) -> Entry {
        self.state().entry(INNER)
    }

    /// Returns the expiry of the login's token, or of the session that was made from it.
    #[track_caller]
    pub(crate) fn end_of_token(&self) -> Moment {
        self.inner().validity.expires_at.expect("an end")
    }

    /// Searches all of the user's files, and the output of commands and `processes`.
    #[track_caller]
    pub(crate) fn search(&self, processes: &[Process]) {
        self.learn();
        for process in processes {
            for text in [process.arguments(), process.environment()] {
                assert!(!text.is_empty(), "process {} is gone", process.id);
                self.assert_clean("a process", &text);
            }
        }
        for arguments in [&["status"][..], &["status", "--json"], &["log"], &["log", "--json"]] {
            let answer = self.run(arguments);
            assert_eq!(answer.code, Some(0), "{answer:?}");
        }
        let files = files::below(self.home.path());
        assert!(files.len() >= 4, "{files:?}");
        for (file, content) in files {
            self.assert_clean(&file.to_string_lossy(), &content);
        }
    }

    /// Returns the number of secrets that were saved so far.
    pub(crate) fn secrets(&self) -> usize {
        self.secrets.borrow().len()
    }

    /// Adds the saved secrets to the search.
    fn learn(&self) {
        for Entry { key, renewal, .. } in self.state().entries() {
            let mut secrets = self.secrets.borrow_mut();
            secrets.extend(key.map(|key| key.expose().to_owned()));
            if let Some(renewal) = renewal {
                collect(&serde_json::from_str(renewal.expose()).unwrap(), &mut secrets);
            }
        }
    }

    #[track_caller]
    fn assert_clean(&self, what: &str, text: &[u8]) {
        for secret in &*self.secrets.borrow() {
            // The header of a JWT is always the same.
            let secret = secret
                .strip_prefix("eyJ")
                .and_then(|jwt| jwt.split_once('.'))
                .map_or(&**secret, |(_, rest)| rest);
            SecretForms::of(secret).assert_not_in(what, text);
        }
    }
}

/// Returns the secrets in a renewal, by their names.
fn collect(value: &Value, secrets: &mut BTreeSet<String>) {
    const NAMES: [&str; 4] = ["refresh_token", "secret", "secret_access_key", "session_token"];
    for (name, value) in value.as_object().into_iter().flatten() {
        match value.as_str() {
            Some(text) if NAMES.contains(&name.as_str()) => secrets.extend([text.to_owned()]),
            _ => collect(value, secrets),
        }
    }
}
