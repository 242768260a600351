//! Servers that would steal the token, or are in the way.

use integration_tests::secret_forms::repeated;
use integration_tests::servers::{Reply, Stub};
use serde_json::json;

use crate::server::{KEY, answer, at};
use crate::user::User;

const TOKEN: &str = "s.canary-4-t0ken-f0r-0ne-h0st-0nly";

fn user(address: &str) -> User {
    User::new(&at(address)).with_secret_variable("VAULT_TOKEN", TOKEN)
}

fn key() -> Reply {
    Reply::json(200, &answer(KEY))
}

fn redirect(status: u16, to: &str) -> Stub {
    let location = format!("Location: {to}/v1/secret/data/anthropic");
    Stub::start(move |_| Reply::new(status, &[&location], ""))
}

#[test]
fn vault_redirect_to_another_host_gets_no_token() {
    let thief = Stub::start_at("127.0.0.2", |_| key());
    for status in [301, 302, 303, 307, 308] {
        let server = redirect(status, thief.address());
        let words = [
            &*format!("redirects to `{}`", thief.address()),
            "the token does not follow",
            "add its address to the list in `address`",
        ];
        user(server.address()).get().assert_error(2, &words);
        assert_eq!(server.requests().len(), 1);
    }
    assert!(thief.requests().is_empty(), "{:?}", thief.requests());
    // It would have answered.
    user(thief.address()).get().assert_key(KEY);
}

#[test]
fn vault_redirect_to_a_listed_address_gets_the_token() {
    let leader = Stub::start_at("127.0.0.2", |_| key());
    let standby = redirect(307, leader.address());
    let source = format!(
        "address = [\"{}\", \"{}\"]\npath = \"anthropic\"",
        standby.address(),
        leader.address()
    );
    let user = User::new(&source).with_secret_variable("VAULT_TOKEN", TOKEN);
    user.get().assert_key(KEY);
    assert_eq!([standby.requests().len(), leader.requests().len()], [1, 1]);
    assert!(leader.requests()[0].text.contains(TOKEN));
}

#[test]
fn proxy_403_page_is_not_vaults_answer() {
    let page = Stub::start(|_| Reply::new(403, &[], "<html>Blocked by policy</html>"));
    let words = ["answered 403, but not as vault does", "check `address`"];
    user(page.address()).get().assert_error(1, &words);
}

#[test]
fn vault_error_that_repeats_the_token_is_redacted() {
    let parrot = Stub::start(|request| {
        Reply::json(400, &json!({ "errors": [request.text.replace("\r\n", " ")] }))
    });
    user(parrot.address()).get().assert_error(2, &["[redacted]"]);
    let parrot = Stub::start(|_| {
        Reply::json(400, &json!({ "errors": [format!("bad {}", repeated(TOKEN).join(", "))] }))
    });
    user(parrot.address()).get().assert_error(2, &["bad [redacted], [redacted]"]);

    let source = at(parrot.address())
        + "auth = { method = \"userpass\", username = \"ann\", password = { env = \"PASSWORD\" } }";
    let user = User::new(&source).with_secret_variable("PASSWORD", crate::server::PASSWORD);
    user.get().assert_error(4, &["refused the login of user `ann`"]);
}

#[test]
fn vault_answer_with_thousands_of_headers_is_read() {
    for count in [101, 150, 2_000] {
        let gateway = Stub::start(move |_| {
            let headers: Vec<String> = (0..count).map(|index| format!("X-H{index}: v")).collect();
            let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
            Reply::new(200, &headers, &answer(KEY).to_string())
        });
        user(gateway.address()).get().assert_key(KEY);
    }
    let endless =
        Stub::start(|_| Reply::new(200, &[&format!("X-Long: {}", "v".repeat(1_000_000))], "{}"));
    user(endless.address()).get().assert_error(1, &["message head is too large"]);
}
