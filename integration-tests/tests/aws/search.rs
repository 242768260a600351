//! Searches for leaked secrets.

use std::fs;

use integration_tests::binaries::Binaries;
use integration_tests::call::{Answer, Call};
use integration_tests::files;
use integration_tests::process::Process;
use integration_tests::secret_forms::SecretForms;
use serde_json::Value;
use tempfile::TempDir;

use crate::account::KEY;
use crate::user::User;

/// Secrets, and a folder outside the user's home, which is not searched.
pub(crate) struct Canary {
    elsewhere: TempDir,
    secrets: Vec<(&'static str, SecretForms)>,
}

impl Canary {
    pub(crate) fn new() -> Self {
        let elsewhere = tempfile::tempdir().unwrap();
        Self { elsewhere, secrets: vec![("the key", SecretForms::of(KEY))] }
    }

    /// Adds a secret to search for.
    pub(crate) fn add(&mut self, name: &'static str, secret: &str) {
        self.secrets.push((name, SecretForms::of(secret)));
    }

    /// Writes a file of secrets.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.elsewhere.path().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// Adds the secrets of the saved session.
    #[track_caller]
    pub(crate) fn add_session(&mut self, user: &User) {
        let kept = user.state().entry("aws").renewal.expect("a session is kept");
        let kept: Value = serde_json::from_str(kept.expose()).unwrap();
        for (name, field) in [
            ("the session's secret access key", "secret_access_key"),
            ("the session token", "session_token"),
        ] {
            self.add(name, kept["session"][field].as_str().unwrap());
        }
    }

    /// Makes a call and searches its output.
    #[track_caller]
    pub(crate) fn call(&self, call: &Call) -> Answer {
        let answer = call.run();
        self.assert_not_in("stderr", answer.stderr.as_bytes());
        if answer.stdout != KEY {
            self.assert_not_in("stdout", answer.stdout.as_bytes());
        }
        answer
    }

    /// Searches the output of all commands, and all files.
    #[track_caller]
    pub(crate) fn search(&self, user: &User) {
        for arguments in [&["status"][..], &["status", "--json"], &["log"], &["log", "--json"]] {
            self.call(&user.call().args(arguments.iter().copied()));
        }
        let files = files::below(user.home.path());
        assert!(files.len() >= 4, "{files:?}");
        for (file, content) in files {
            self.assert_not_in(&file.to_string_lossy(), &content);
        }
    }

    /// Searches the visible parts of the only worker of `user`.
    #[track_caller]
    pub(crate) fn search_worker(&self, user: &User) {
        let program = Binaries::built().worker.canonicalize().unwrap();
        let workers = Process::all_of(&program, "HOME", user.home.path());
        let [Process { id }] = workers[..] else { panic!("not one worker: {workers:?}") };
        for file in ["cmdline", "environ"] {
            let place = format!("/proc/{id}/{file}");
            let text = fs::read(&place).unwrap();
            assert!(!text.is_empty(), "{place}");
            self.assert_not_in(&place, &text);
        }
    }

    #[track_caller]
    pub(crate) fn assert_not_in(&self, place: &str, text: &[u8]) {
        for (name, forms) in &self.secrets {
            let found = forms.found_in(text);
            assert_eq!(found, None, "{name} is in {place}: {}", String::from_utf8_lossy(text));
        }
    }
}
