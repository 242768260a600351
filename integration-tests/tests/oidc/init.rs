//! `init` in a terminal, for a running provider.

use std::fs;

use integration_tests::home::Home;
use integration_tests::servers::OidcProvider;
use integration_tests::terminal::{Streams, Terminal};
use integration_tests::wait::until;

const ISSUER: &str = "Issuer: the address of your identity provider";
const APPLY: &str = "Let Claude Code use it, by your settings? [yes]";

fn interviewed(home: &Home, provider: &OidcProvider) -> Terminal {
    let call = home.call(["init"]).env("NO_COLOR", "1");
    let mut terminal = Terminal::start(&call, Streams::InAndErr);
    terminal.answer("Number or name [script]", "oidc");
    terminal.answer(ISSUER, provider.issuer());
    terminal.answer("Number or name [device]", "");
    terminal.answer("Client that is registered there for this program [api-key-helper]", "helper");
    terminal.answer("Scopes [openid offline_access]", "");
    terminal
}

#[test]
fn init_with_device_login_gives_a_key() {
    let provider = OidcProvider::new();
    let home = Home::new();
    let mut terminal = interviewed(&home, &provider);
    terminal.answer("Sign in now? [yes]", "");
    let code = until("the login waits", || {
        let shown = terminal.shown();
        let (_, rest) = shown.split_once("  2. Enter  ")?;
        shown.contains(" left ").then(|| rest.lines().next().unwrap().trim().replace(' ', ""))
    });
    provider.approve(&code);
    terminal.answer(APPLY, "no");
    let answer = terminal.finish();
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.stderr.contains("Signed in to `oidc`"), "{answer:?}");
    let text = fs::read_to_string(home.config_file()).unwrap();
    assert!(text.contains("\nscopes = [\"openid\", \"offline_access\"]\n"), "{text}");
    assert!(text.contains("\nflow = \"device\"\n"), "{text}");
    let key = home.helper().run().key();
    assert!(provider.is_active(&key) && !answer.stderr.contains(&key), "{answer:?}");
}

#[test]
fn init_without_login_names_the_login_command() {
    let provider = OidcProvider::new();
    let home = Home::new();
    let mut terminal = interviewed(&home, &provider);
    terminal.answer("Sign in now? [yes]", "no");
    terminal.answer(APPLY, "no");
    let answer = terminal.finish();
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.stderr.contains("Later: `api-key-helper login`"), "{answer:?}");
    home.helper().run().assert_error(3, &["there is no sign-in", "login"]);
}
