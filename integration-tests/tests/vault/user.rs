//! A user of a Vault source, with a search for leaked secrets.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use api_key_helper_values::Secret;
use integration_tests::binaries::Binaries;
use integration_tests::call::{Answer, Call};
use integration_tests::files;
use integration_tests::home::Home;
use integration_tests::process::Process;
use integration_tests::secret_forms::SecretForms;
use integration_tests::wait::until;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than the `ttl` of a profile, `stale_while_revalidate` included.
pub(crate) const STALE: Duration = Duration::from_secs(2 * 3_600);
/// Longer than the `ttl` of a profile, and not by more than `stale_while_revalidate`.
pub(crate) const DUE: Duration = Duration::from_secs(62 * 60);

/// A user with a source called `vault`. Every output is searched for the user's secrets, including
/// those that the helper saves; in the end, so are all files.
pub(crate) struct User {
    pub(crate) home: Home,
    /// The folder of secrets that do not belong to the helper, which is not searched.
    elsewhere: TempDir,
    variables: RefCell<BTreeMap<String, String>>,
    secrets: RefCell<BTreeSet<String>>,
    /// The secrets that may be printed.
    keys: RefCell<BTreeSet<String>>,
}

impl User {
    /// Returns a user; `source` are the lines of the source's table besides its backend.
    pub(crate) fn new(source: &str) -> Self {
        Self::with_profile("", source)
    }

    /// Returns the same, with more lines in the profile's table.
    pub(crate) fn with_profile(profile: &str, source: &str) -> Self {
        let user = Self {
            home: Home::new(),
            elsewhere: tempfile::tempdir().unwrap(),
            variables: RefCell::default(),
            secrets: RefCell::default(),
            keys: RefCell::default(),
        };
        // A search waits until no worker is left.
        user.home.make_dumpable();
        user.configure(profile, source);
        user
    }

    /// Writes another configuration.
    pub(crate) fn configure(&self, profile: &str, source: &str) {
        self.home.configure(&format!(
            "[profile.work]\nsources = [\"vault\"]\n{profile}\n\n\
             [source.vault]\nbackend = \"vault\"\n{source}\n"
        ));
    }

    /// Sets a variable with a secret for all calls.
    pub(crate) fn with_secret_variable(self, name: &str, secret: &str) -> Self {
        self.hide(secret);
        self.with_variable(name, secret)
    }

    /// Sets a variable for all calls.
    pub(crate) fn with_variable(self, name: &str, value: &str) -> Self {
        self.variables.borrow_mut().insert(name.to_owned(), value.to_owned());
        self
    }

    /// Writes a secret into a file outside the home folder.
    pub(crate) fn secret_file(&self, name: &str, secret: &str) -> String {
        self.hide(secret);
        let path = self.elsewhere.path().join(name);
        fs::write(&path, secret).unwrap();
        path.display().to_string()
    }

    /// Adds a secret to the search.
    pub(crate) fn hide(&self, secret: &str) {
        self.secrets.borrow_mut().insert(secret.to_owned());
    }

    /// Returns a call without arguments.
    pub(crate) fn helper(&self) -> Call {
        let variables = self.variables.borrow();
        variables.iter().fold(self.home.helper(), |call, (name, value)| call.env(name, value))
    }

    /// Returns a call with these arguments.
    pub(crate) fn call(&self, arguments: &[&str]) -> Call {
        self.helper().args(arguments.iter().copied())
    }

    /// Requests the key as Claude Code does.
    #[track_caller]
    pub(crate) fn get(&self) -> Answer {
        self.run(&self.helper())
    }

    /// Forces a refresh.
    #[track_caller]
    pub(crate) fn refresh(&self) -> Answer {
        self.run(&self.call(&["get", "--refresh"]))
    }

    /// Runs a call, and searches its output.
    #[track_caller]
    pub(crate) fn run(&self, call: &Call) -> Answer {
        self.searched(call.run())
    }

    /// Searches the output of a call.
    #[track_caller]
    pub(crate) fn searched(&self, answer: Answer) -> Answer {
        self.learn();
        self.assert_clean("stderr", answer.stderr.as_bytes());
        let is_key = self.keys.borrow().contains(&answer.stdout);
        if answer.code != Some(0) || !is_key {
            self.assert_clean("stdout", answer.stdout.as_bytes());
        }
        answer
    }

    /// Makes the key older by `duration`, but not the token.
    #[track_caller]
    pub(crate) fn age(&self, duration: Duration) {
        self.home.state().age("vault", duration);
    }

    /// Makes the renewal older by `duration`.
    #[track_caller]
    pub(crate) fn age_renewal(&self, duration: Duration) {
        self.home.state().change("vault", |entry| {
            let mut renewal = read(entry.renewal.as_ref());
            for pointer in ["/token/expires_at", "/lease/expires_at"] {
                if let Some(end) = renewal.pointer_mut(pointer) {
                    *end = json!(end.as_u64().unwrap() - duration.as_secs());
                }
            }
            entry.renewal = Some(Secret::new(renewal.to_string()));
        });
    }

    /// Returns a secret in the renewal, such as `/token/secret`.
    #[track_caller]
    pub(crate) fn kept(&self, pointer: &str) -> String {
        let renewal = read(self.home.state().entry("vault").renewal.as_ref());
        renewal.pointer(pointer).and_then(Value::as_str).unwrap().to_owned()
    }

    /// Returns the workers, in the foreground or background.
    pub(crate) fn workers(&self) -> Vec<Process> {
        let worker = Binaries::built().worker.canonicalize().unwrap();
        Process::all_of(&worker, "HOME", self.home.path())
    }

    /// Asserts that `text` contains no secret.
    #[track_caller]
    pub(crate) fn assert_clean(&self, what: &str, text: &[u8]) {
        for secret in &*self.secrets.borrow() {
            SecretForms::of(secret).assert_not_in(what, text);
        }
    }

    /// Searches the output of all commands, and all files.
    #[track_caller]
    fn search(&self) {
        // A background worker may be writing the next entry.
        until("nobody works any more", || self.workers().is_empty().then_some(()));
        for arguments in [&["status"][..], &["status", "--json"], &["log"], &["log", "--json"]] {
            let answer = self.run(&self.call(arguments));
            assert_eq!(answer.code, Some(0), "{answer:?}");
        }
        for (file, content) in files::below(self.home.path()) {
            self.assert_clean(&file.to_string_lossy(), &content);
        }
    }

    /// Adds the secrets that the helper has saved.
    fn learn(&self) {
        for entry in self.home.state().entries() {
            let renewal = read(entry.renewal.as_ref());
            let secrets =
                ["/token/secret", "/lease/key", "/unwrapped/secret", "/unwrapped/wrapping"]
                    .into_iter()
                    .filter_map(|pointer| renewal.pointer(pointer)?.as_str().map(str::to_owned))
                    .filter(|secret| !secret.is_empty());
            let key = entry.key.map(|key| key.expose().to_owned());
            self.keys.borrow_mut().extend(key.clone());
            self.secrets.borrow_mut().extend(secrets.chain(key));
        }
    }
}

impl Drop for User {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.secrets.borrow().is_empty() {
            self.search();
        }
    }
}

fn read(renewal: Option<&Secret>) -> Value {
    renewal.map_or(Value::Null, |renewal| serde_json::from_str(renewal.expose()).unwrap())
}
