//! Secrets are only in the entry, and the key on stdout.

use std::fs;

use integration_tests::call::{Answer, Call};
use integration_tests::files;
use integration_tests::process::Process;
use integration_tests::raw_http;
use integration_tests::secret_forms::{SecretForms, repeated};
use integration_tests::servers::OidcProvider;
use integration_tests::servers::oidc_provider::Settings;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::BROWSER;
use crate::proxy::{Point, Proxy, REFRESH};
use crate::user::{Login, SOURCE, User};

/// It occurs nowhere by chance.
const CLIENT_SECRET: &str = "canary-5up3rc4l1fr4g1l-15t1c3xp14l1d0c10u5-yellow";

/// A user, their traffic with the provider, and all outputs.
struct Watched {
    provider: OidcProvider,
    proxy: Proxy,
    user: User,
    by_browser: bool,
    codes: Vec<String>,
    said: Vec<(String, Vec<u8>)>,
    _elsewhere: TempDir,
}

impl Watched {
    fn new(source: &str, by_browser: bool) -> Self {
        let secret = Some((CLIENT_SECRET.to_owned(), "client_secret_basic".to_owned()));
        let provider = OidcProvider::with(&Settings { secret, ..Settings::default() });
        let proxy = Proxy::to(&provider);
        let elsewhere = tempfile::tempdir().unwrap();
        let file = elsewhere.path().join("secret");
        fs::write(&file, CLIENT_SECRET).unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let flow = match by_browser {
            true => proxy.later_endpoints() + BROWSER,
            false => proxy.endpoints(),
        };
        let source = format!("client_secret = {{ file = \"{}\" }}\n{flow}{source}", file.display());
        let user = User::with(&provider, &source);
        user.home.make_dumpable();
        let (codes, said) = (Vec::new(), Vec::new());
        Self { provider, proxy, user, by_browser, codes, said, _elsewhere: elsewhere }
    }

    /// Logs in, or rejects the login.
    #[track_caller]
    fn login(&mut self, is_wanted: bool) -> Answer {
        let login: Login = self.user.login();
        if self.by_browser {
            let address = login.address();
            self.look_at(login.process());
            let back = match is_wanted {
                true => self.provider.authorize(&address),
                false => self.provider.decline(&address),
            };
            let page = raw_http::get(&back);
            let answer = login.finish();
            let code = back.split(['?', '&']).find_map(|part| part.strip_prefix("code="));
            self.codes.extend(code.map(str::to_owned));
            self.hear(&answer.stdout, &answer.stderr);
            self.said.push(("the page".to_owned(), page.into()));
            return answer;
        }
        let code = login.code();
        self.look_at(login.process());
        match is_wanted {
            true => self.provider.approve(&code),
            false => self.provider.deny(&code),
        }
        let answer = login.finish();
        // The code is shown to the user on purpose.
        let shown = answer.stderr.replace(&code, "");
        self.codes.push(code);
        self.hear(&answer.stdout, &shown);
        answer
    }

    #[track_caller]
    fn call(&mut self, call: &Call) -> Answer {
        let answer = call.run();
        self.hear(&answer.stdout, &answer.stderr);
        answer
    }

    fn get(&mut self) -> Answer {
        let call = self.user.get();
        let answer = call.run();
        // The key, without any other output.
        let is_key = answer.code == Some(0);
        assert!(!is_key || self.secrets().contains(&answer.stdout), "{answer:?}");
        self.hear(if is_key { "" } else { &answer.stdout }, &answer.stderr);
        answer
    }

    fn hear(&mut self, stdout: &str, stderr: &str) {
        self.said.push(("stdout".to_owned(), stdout.into()));
        self.said.push(("stderr".to_owned(), stderr.into()));
    }

    /// Records what other users can see of a process.
    fn look_at(&mut self, process: Process) {
        for what in ["cmdline", "environ"] {
            let file = format!("/proc/{}/{what}", process.id);
            let text = fs::read(&file).unwrap();
            assert!(!text.is_empty(), "{file}");
            self.said.push((file, text));
        }
    }

    /// Returns the secrets that the provider issued or received.
    fn secrets(&self) -> Vec<String> {
        let answers = self.proxy.answers();
        let bodies = answers.iter().filter_map(|answer| answer.split_once("\r\n\r\n"));
        let documents: Vec<Value> =
            bodies.filter_map(|(_, body)| serde_json::from_str(body).ok()).collect();
        let names = ["access_token", "refresh_token", "id_token", "device_code"];
        let names = if self.by_browser { &names[..3] } else { &names };
        for name in names {
            assert!(documents.iter().any(|document| document[name].is_string()), "no {name}");
        }
        let given = documents
            .iter()
            .flat_map(|document| names.iter().filter_map(|name| document[*name].as_str()));
        given.chain([CLIENT_SECRET]).map(str::to_owned).collect()
    }

    /// Searches all outputs and files.
    #[track_caller]
    fn search(&mut self) {
        for arguments in [&["status"][..], &["status", "--json"], &["log"], &["log", "--json"]] {
            let call = self.user.home.call(arguments.iter().copied());
            self.call(&call).assert_printed();
        }
        let files = files::below(self.user.home.path());
        // At least the configuration, a plan, a lock and the log.
        assert!(files.len() >= 4, "{files:?}");
        let files = files.into_iter().map(|(file, text)| (file.display().to_string(), text));
        let secrets: Vec<SecretForms> = self.secrets().iter().map(|secret| forms(secret)).collect();
        for (place, text) in self.said.iter().cloned().chain(files) {
            secrets.iter().for_each(|secret| secret.assert_not_in(&place, &text));
            let code = self.codes.iter().find(|code| contains(&text, code));
            assert_eq!(code, None, "in {place}: {}", String::from_utf8_lossy(&text));
        }
    }
}

fn contains(text: &[u8], part: &str) -> bool {
    text.windows(part.len()).any(|window| window == part.as_bytes())
}

/// The header of a JWT is not a secret: it is always the same.
fn forms(secret: &str) -> SecretForms {
    SecretForms::of(secret.split_once('.').map_or(secret, |(_, rest)| rest))
}

#[track_caller]
fn assert_no_secret_is_shown(source: &str, by_browser: bool) {
    let mut watched = Watched::new(source, by_browser);
    assert_eq!(watched.get().code, Some(3));
    assert_eq!(watched.login(false).code, Some(4));
    assert_eq!(watched.login(true).code, Some(0));
    assert_eq!(watched.get().code, Some(0));
    watched.search();

    // A refresh, observed while the provider has the request.
    watched.user.state().age(SOURCE, std::time::Duration::from_secs(3_600));
    let hold = watched.proxy.hold(Point::Answer, REFRESH);
    let call = watched.user.get().start();
    let held = hold.reached();
    watched.look_at(call.process());
    held.resume();
    let key = call.finish().key();
    assert_eq!(watched.get().stdout, key);
    watched.search();

    // Failures in which a provider repeats the request.
    let refresh = watched.user.home.call(["get", "--refresh"]);
    for sent in [CLIENT_SECRET, &watched.user.refresh_token()] {
        let said = format!("bad {}", repeated(sent).join(" or "));
        let body = json!({ "error": "invalid_request", "error_description": said });
        watched.provider.refuse(400, &body.to_string());
        watched.call(&refresh).assert_error(2, &["bad [redacted] or [redacted]"]);
    }
    watched.provider.refuse(502, "<html>Bad Gateway</html>");
    watched.provider.revoke();
    let refresh = watched.user.home.call(["get", "--refresh", "--deadline", "20s"]);
    assert_ne!(watched.call(&refresh).code, Some(0));
    watched.search();

    let logout = watched.user.home.call(["logout"]);
    assert_eq!(watched.call(&logout).code, Some(0));
    assert_eq!(watched.login(true).code, Some(0));
    watched.provider.kill();
    // Nothing is revoked in that case.
    assert_eq!(watched.call(&logout).code, Some(1));
    watched.search();
}

#[test]
fn access_token_is_nowhere_but_on_stdout() {
    assert_no_secret_is_shown("", false);
}

#[test]
fn id_token_is_nowhere_but_on_stdout() {
    assert_no_secret_is_shown("key = \"id_token\"", false);
}

#[test]
fn browser_login_tokens_are_nowhere_but_on_stdout() {
    assert_no_secret_is_shown("key = \"id_token\"", true);
}
