//! Tokens leak nowhere, and the key is only in the entry and on stdout.

use std::fs;
use std::time::Duration;

use integration_tests::call::Answer;
use integration_tests::files;
use integration_tests::process::Process;
use integration_tests::secret_forms::{SecretForms, repeated};
use integration_tests::servers::token_endpoint::{FEDERATION, Settings};
use integration_tests::servers::{Reply, Stub, TokenEndpoint};
use integration_tests::wait::until;
use serde_json::json;

use crate::user::{SOURCE, User};

/// It occurs nowhere by chance.
const CLIENT_SECRET: &str = "canary-5up3rc4l1fr4g1l-15t1c3xp14l1d0c10u5-yellow";

/// The secrets, and the texts that were searched.
struct Search<'a> {
    user: &'a User,
    secrets: Vec<SecretForms>,
}

impl<'a> Search<'a> {
    fn new(user: &'a User) -> Self {
        Self { user, secrets: vec![SecretForms::of(CLIENT_SECRET)] }
    }

    /// Adds a secret; of a JWT, its signature, because messages may contain its claims.
    fn hide(&mut self, secret: &str) {
        self.secrets.push(SecretForms::of(secret.rsplit('.').next().unwrap()));
    }

    #[track_caller]
    fn look(&self, what: &str, text: &[u8]) {
        self.secrets.iter().for_each(|secret| secret.assert_not_in(what, text));
    }

    /// Searches the output of a call, except for the key.
    #[track_caller]
    fn hear(&self, answer: &Answer) {
        self.look("stderr", answer.stderr.as_bytes());
        if answer.code != Some(0) {
            self.look("stdout", answer.stdout.as_bytes());
        }
    }

    #[track_caller]
    fn watch(&self, process: Process) {
        for text in [process.arguments(), process.environment()] {
            assert!(!text.is_empty(), "process {} is gone", process.id);
            self.look("what a process shows", &text);
        }
    }

    /// Searches all files of the user, and all outputs of commands.
    #[track_caller]
    fn search(&self) {
        for arguments in [&["status"][..], &["status", "--json"], &["log"], &["log", "--json"]] {
            let answer = self.user.home.call(arguments.iter().copied()).run();
            self.look(arguments[0], answer.assert_printed().as_bytes());
        }
        let files = files::below(self.user.home.path());
        // At least the configuration, a plan, a lock and the log.
        assert!(files.len() >= 4, "{files:?}");
        for (file, content) in files {
            self.look(&file.to_string_lossy(), &content);
        }
    }
}

#[test]
fn exchange_subject_token_and_client_secret_are_never_shown() {
    let endpoint = TokenEndpoint::with(&Settings {
        client_auth: "client_secret_basic",
        secret: Some(CLIENT_SECRET.to_owned()),
        ..Settings::default()
    });
    let elsewhere = tempfile::tempdir().unwrap();
    let secret = elsewhere.path().join("secret");
    fs::write(&secret, CLIENT_SECRET).unwrap();
    let form =
        format!("client_id = \"helper\"\nclient_secret = {{ file = \"{}\" }}\n", secret.display());
    let bearer = (endpoint.form(), format!("{form}grant = \"jwt-bearer\""));
    for (address, source) in [bearer, (endpoint.federation(), FEDERATION.to_owned())] {
        let user = User::with(&address, "{ file = \"FILE\" }", &source);
        let mut search = Search::new(&user);
        let token = endpoint.token();
        search.hide(&token);
        user.rotate(&token);
        let answer = user.get().run();
        search.hear(&answer);
        let key = answer.stdout;
        assert!(endpoint.is_active(&key));
        search.hide(&key);
        search.search();

        // Refusals in which a server repeats the request.
        let token = endpoint.token();
        search.hide(&token);
        user.rotate(&token);
        user.state().age(SOURCE, Duration::from_secs(2 * 3_600));
        let signature = token.rsplit('.').next().unwrap();
        let mut said = repeated(&signature[..40]);
        said.push(token.clone());
        if source != FEDERATION {
            said.extend(repeated(CLIENT_SECRET));
        }
        // One at a time, because messages are cut to 200 characters.
        for secret in said {
            let said = format!("\u{9b}31mbad {secret}");
            let body = json!({ "error": "invalid_grant", "error_description": said });
            endpoint.refuse(400, &body.to_string());
            let refused = user.get().args(["--refresh"]).run();
            refused.assert_error(4, &["bad [redacted]"]);
            search.hear(&refused);
            search.search();
        }
    }
}

#[test]
fn exchange_worker_shows_no_token_to_other_processes() {
    let silent = Stub::start(|_| Reply::Silence);
    let endpoint = TokenEndpoint::new();
    let source = format!("{FEDERATION}timeout = \"2s\"\nretries = 0");
    let user = User::with(silent.address(), "{ file = \"FILE\" }", &source);
    let token = endpoint.token();
    user.rotate(&token);
    user.home.make_dumpable();
    let mut search = Search::new(&user);
    search.hide(&token);
    let call = user.get().start();
    until("the key is asked for", || (silent.requests().len() == 1).then_some(()));
    assert!(silent.requests()[0].text.contains(&token));
    search.watch(call.process());
    let answer = call.finish();
    answer.assert_error(1, &["did not answer within"]);
    search.hear(&answer);
    search.search();
}
