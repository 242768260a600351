//! A server that is down or hangs.

use std::net::TcpListener;
use std::time::Duration;

use integration_tests::servers::{Reply, Stub};
use integration_tests::wait::{now, since};

use crate::server::{KEY, approle_user, at, server};
use crate::user::{DUE, STALE, User};

const TOKEN: &str = "s.canary-4-t0ken-th4t-n0b0dy-g4ve";

const DEADLINE: Duration = Duration::from_secs(2);
/// The margin for starting the process on a machine under load. One more timeout would take ten
/// seconds.
const SLACK: Duration = Duration::from_secs(6);

/// Returns a user of `address` with [`TOKEN`].
fn user(address: &str) -> User {
    User::new(&at(address)).with_secret_variable("VAULT_TOKEN", TOKEN)
}

#[test]
fn vault_down_prints_the_stale_key_with_a_warning() {
    let bao = server();
    let user = approle_user(&bao);
    user.get().assert_key(KEY);
    bao.kill();
    // An outage is invisible while the key is fresh or due.
    user.get().assert_key(KEY);
    user.age(DUE);
    user.get().assert_key(KEY);
    user.age(STALE);
    let gone = format!("cannot reach vault at `{}`", bao.address());
    user.get().assert_warned(KEY, &["using the key that `vault` gave", &gone]);
    user.age(25 * STALE);
    user.get().assert_error(1, &[&gone, "hint: "]);
}

#[test]
fn hanging_vault_ends_at_the_deadline() {
    let silent = Stub::start(|_| Reply::Silence);
    let user = user(silent.address());
    let started = now();
    let answer = user.run(&user.call(&["get", "--deadline", "2s"]));
    let took = since(started);
    answer.assert_error(1, &[silent.address(), "did not answer within"]);
    assert!(took < DEADLINE + SLACK, "{took:?}");
    assert_eq!(silent.requests().len(), 1);
}

#[test]
fn vault_without_tls_handshake_ends_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let user = user(&format!("https://{}", listener.local_addr().unwrap()));
    let started = now();
    let answer = user.run(&user.call(&["get", "--deadline", "2s"]));
    let took = since(started);
    answer.assert_error(1, &["did not answer within"]);
    assert!(took < DEADLINE + SLACK, "{took:?}");
}

#[test]
fn truncated_vault_answer_is_an_error() {
    let reply = |body: &str| {
        let body = body.to_owned();
        move |_: &_| Reply::Bytes(format!("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{body}"))
    };
    let whole = format!("{{\"request_id\":\"r\",\"data\":{{\"data\":{{\"k\":\"{KEY}\"}}}}}}");
    for body in [&whole[..whole.len() / 2], &whole] {
        let stub = Stub::start(reply(body));
        let user = user(stub.address());
        user.hide(KEY);
        user.get().assert_error(1, &["broke off its response"]);
        assert_eq!(stub.requests().len(), 4, "an attempt and three more");
    }
}
