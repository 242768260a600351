//! Refusals, and servers that misbehave.

use std::time::Duration;

use integration_tests::servers::stub::Reply;
use integration_tests::servers::token_endpoint::FEDERATION;
use integration_tests::servers::{Stub, TokenEndpoint};
use integration_tests::wait::{now, since};

use crate::user::{SOURCE, User};

#[test]
fn refused_token_exchange_names_issuer_and_audience_of_the_jwt() {
    let endpoint = TokenEndpoint::new();
    let user = User::of(&endpoint, "");
    for (claim, words) in [
        (("audience", "https://other.example.com"), ["\"aud\"", "for `https://other.example.com`"]),
        (("key", "wrong"), ["signature verification failed", "from `http://127.0.0.1:"]),
        (("issuer", "https://idp.example.com"), ["not trusted", "from `https://idp.example.com`"]),
    ] {
        user.rotate(&endpoint.token_with(&[claim]));
        user.get().run().assert_error(4, &[words[0], words[1], "rule `fdrl_made_up`"]);
        user.state().end_pauses();
    }
    user.rotate(&endpoint.token());
    user.key();
}

#[test]
fn refused_exchange_drops_the_key_and_an_expired_token_keeps_it() {
    let endpoint = TokenEndpoint::new();
    let user = User::of(&endpoint, "");
    let key = user.key();
    let nearly = Duration::from_secs(3_600 - 20);
    user.state().age(SOURCE, nearly);
    user.rotate(&endpoint.token_with(&[("life", "-60")]));
    user.get().run().assert_warned(&key, &["past its end by"]);
    user.state().end_pauses();
    user.rotate(&endpoint.token_with(&[("audience", "https://other.example.com")]));
    user.get().run().assert_error(4, &["refused the `token`"]);
    assert_eq!(user.state().key(SOURCE), None);
    assert_eq!(endpoint.statuses(), [200, 401, 401]);
}

#[test]
fn token_endpoint_429_with_retry_after_waits_that_long() {
    let endpoint = TokenEndpoint::new();
    let user = User::of(&endpoint, "");
    let body = r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#;
    endpoint.refuse_with(429, "Retry-After: 1", body);
    let started = now();
    user.key();
    assert!(since(started) >= Duration::from_secs(1));
    // The endpoint had not read the token.
    assert_eq!(endpoint.statuses(), [429, 200]);
}

#[test]
fn token_endpoint_down_prints_the_stale_key() {
    let endpoint = TokenEndpoint::new();
    let user = User::of(&endpoint, "retries = 0");
    let key = user.key();
    user.state().age(SOURCE, Duration::from_secs(3_600 - 20));
    endpoint.kill();
    user.get().run().assert_warned(&key, &["using the key that `key` gave"]);
}

#[test]
fn token_endpoint_timeout_or_redirect_is_named() {
    let silent = Stub::start(|_| Reply::Silence);
    let user = at(&silent, "timeout = \"1s\"\nretries = 0");
    user.get().run().assert_error(1, &["did not answer within 0.9 s"]);

    let elsewhere = Stub::start(|_| Reply::new(200, &[], "{}"));
    let to = format!("Location: {}/token", elsewhere.address());
    let redirecting = Stub::start(move |_| Reply::new(308, &[&to], ""));
    let says = ["/token` redirects (308", "set the address in the source to the final one"];
    at(&redirecting, "").get().run().assert_error(2, &says);
    assert!(elsewhere.requests().is_empty());
}

/// Returns a user of `stub`, which does not check the token.
fn at(stub: &Stub, source: &str) -> User {
    let source = format!("{FEDERATION}{source}");
    let user = User::with(&format!("{}/token", stub.address()), "{ file = \"FILE\" }", &source);
    user.rotate("e30.e30.bWFkZS11cA");
    user
}
