//! `init` in a terminal, for a running server.

use std::fs;
use std::net::TcpListener;

use integration_tests::call::Call;
use integration_tests::terminal::{Streams, Terminal};
use serde_json::json;

use crate::server::{KEY, approle, secret_id, server, token};
use crate::user::User;

const BACKEND: &str = "Number or name [script]";
const ADDRESS: &str = "Address of the server";
const MOUNT: &str = "Mount of the secrets engine [secret]";
const PATH: &str = "Path of the secret, without the mount";
const FIELD: &str = "Field of the secret that holds the key, - for none [api_key]";
const METHOD: &str = "Number or name [token]";
const WHAT_NOW: &str = "Number or name [correct]";
const APPLY: &str = "Let Claude Code use it, by your settings? [yes]";

/// Returns a user without a configuration.
fn newcomer() -> User {
    let user = User::new("");
    fs::remove_file(user.home.config_file()).unwrap();
    user
}

fn init(user: &User) -> Call {
    user.call(&["init"]).env("NO_COLOR", "1")
}

#[test]
fn init_vault_with_a_wrong_address_asks_again() {
    let bao = server();
    let user = newcomer();
    user.hide(KEY);
    let user = user.with_secret_variable("VAULT_TOKEN", &token(&bao));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    let mut terminal = Terminal::start(&init(&user).env("VAULT_ADDR", &closed), Streams::InAndErr);
    terminal.answer(BACKEND, "vault");
    // An invalid address is rejected at once.
    terminal.answer(&format!("{ADDRESS} [{closed}]"), "vault.example.com");
    terminal.answer(&format!("{ADDRESS} [{closed}]"), "");
    terminal.answer(MOUNT, "");
    terminal.answer(PATH, "anthropic");
    terminal.answer(FIELD, "");
    terminal.answer(METHOD, "");
    terminal.wait_for(WHAT_NOW);
    assert!(terminal.shown().contains(&format!("cannot reach vault at `{closed}`")));
    assert!(!user.home.config_file().exists());
    terminal.press("\n");
    // Earlier answers are the defaults.
    terminal.answer(&format!("{ADDRESS} [{closed}]"), bao.address());
    terminal.answer(MOUNT, "");
    terminal.answer(&format!("{PATH} [anthropic]"), "");
    terminal.answer(FIELD, "");
    terminal.answer(METHOD, "");
    terminal.answer(APPLY, "no");
    let answer = user.searched(terminal.finish());
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let works = format!("It works: a key of {} characters, which does not say", KEY.len());
    assert!(answer.stderr.contains(&works), "{answer:?}");
    let text = fs::read_to_string(user.home.config_file()).unwrap();
    let line = format!("\naddress = \"{}\"\n", bao.address());
    assert!(text.contains(&line) && text.contains("\npath = \"anthropic\"\n"), "{text}");
    assert!(text.contains("\nauth = { method = \"token\" }\n"), "{text}");
    user.run(&user.helper()).assert_key(KEY);
}

#[test]
fn init_vault_never_writes_the_secret_id() {
    let bao = server();
    let role_id = approle(&bao, json!({}));
    let secret = secret_id(&bao);
    let user = newcomer();
    let file = user.secret_file("secret-id", &secret);
    let mut terminal = Terminal::start(&init(&user), Streams::InAndErr);
    terminal.answer(BACKEND, "vault");
    terminal.answer(ADDRESS, bao.address());
    terminal.answer(MOUNT, "");
    terminal.answer(PATH, "anthropic");
    terminal.answer(FIELD, "-");
    terminal.answer(METHOD, "approle");
    terminal.answer("Role-id", &role_id);
    let question = "Secret-id, by the name of a variable or the /path of a file";
    // The terminal itself would show the secret, so the test enters another word that names no
    // place.
    terminal.answer(question, "NOT_SET");
    terminal.answer(question, &file);
    terminal.answer(APPLY, "no");
    let answer = user.searched(terminal.finish());
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let refusal = "that is neither a variable that is set here nor a file";
    assert!(answer.stderr.contains(refusal), "{answer:?}");
    let text = fs::read_to_string(user.home.config_file()).unwrap();
    let auth = format!(
        "\nauth = {{ method = \"approle\", role_id = \"{role_id}\", secret_id = {{ file = \"{file}\" }} }}\n"
    );
    assert!(text.contains(&auth) && text.contains("\n#field = \"api_key\"\n"), "{text}");
    user.run(&user.helper()).assert_key(KEY);
}
