//! Refusals, and which server they come from.

use std::time::Duration;

use api_key_helper_backend::ErrorKind::{self, Denied, Misconfigured, NotFound, Transient};
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{Stub, TokenEndpoint};
use integration_tests::source::Source;
use integration_tests::wait;

use crate::common::{bearer, exchange, federation, source};

#[test]
fn refused_assertion_error_names_its_jwt_claims() {
    let endpoint = TokenEndpoint::new();
    for (claims, kind, says) in [
        (("key", "wrong"), Denied, "signature verification failed"),
        (("audience", "https://other.example.com"), Denied, "for `https://other.example.com`"),
        (("issuer", "https://idp.example.com"), Denied, "from `https://idp.example.com`"),
        // One that has ended says nothing against the key that an earlier one has brought.
        // On a busy machine it is a second more.
        (("life", "-60"), Transient, "past its end by 6"),
    ] {
        for mut source in
            [bearer(&endpoint, ""), exchange(&endpoint, ""), federation(&endpoint, ("", ""))]
        {
            source.give_source("sso", &endpoint.token_with(&[claims]));
            let error = source.error(kind);
            assert!(error.message().contains(says), "{claims:?}: {error}");
            assert!(error.hint().is_some(), "{error:?}");
        }
    }
}

#[test]
fn refused_audience_scopes_or_ids_are_named() {
    let endpoint = TokenEndpoint::new();
    let cases: [(Source, ErrorKind, &str); 6] = [
        (exchange(&endpoint, "audience = 'unknown'"), Misconfigured, "`audience`"),
        (exchange(&endpoint, "scopes = ['ä']"), Misconfigured, "`scopes`"),
        (federation(&endpoint, ("fdrl_made_up", "fdrl_x")), NotFound, "compare the ids"),
        (federation(&endpoint, ("svac_made_up", "svac_x")), Denied, "`svac_x`"),
        (federation(&endpoint, ("00000000-", "10000000-")), Denied, "ask for access"),
        (
            source(&format!(
                "grant = 'jwt-bearer'\nclient_id = 'x'\ntoken_endpoint = '{}'",
                endpoint.form()
            )),
            Misconfigured,
            "its registration",
        ),
    ];
    for (mut source, kind, hint) in cases {
        source.give_source("sso", &endpoint.token());
        let error = source.error(kind);
        assert!(error.hint().unwrap().to_string().contains(hint), "{}", error.report());
    }
}

#[test]
fn token_endpoint_refusal_needs_its_own_error_code() {
    let endpoint = TokenEndpoint::new();
    let mut source = exchange(&endpoint, "");
    for (status, body) in [
        (503, "<html>Service Unavailable</html>"),
        (403, "<html>Forbidden by policy</html>"),
        (404, ""),
        (200, "<html>Sign in to the wireless network</html>"),
        (200, "{}"),
        (403, r#"{"error":{"code":403}}"#),
        (429, r#"{"type":"error","error":{"type":"rate_limit_error"}}"#),
        (529, r#"{"type":"error","error":{"type":"overloaded_error"}}"#),
    ] {
        endpoint.refuse(status, body);
        source.error(Transient);
    }
    source.key();
}

#[test]
fn token_endpoint_429_retry_after_is_in_the_error() {
    let endpoint = TokenEndpoint::new();
    endpoint.refuse_with(429, "Retry-After: 7", "");
    let error = bearer(&endpoint, "").error(Transient);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[test]
fn token_endpoint_error_that_repeats_the_token_is_redacted() {
    let endpoint = TokenEndpoint::new();
    let mut source = bearer(&endpoint, "");
    let token = endpoint.token();
    source.give_source("sso", &token);
    let body = format!(r#"{{"error":"invalid_grant","error_description":"bad {token}"}}"#);
    endpoint.refuse(400, &body);
    let error = source.error(Denied);
    assert!(error.message().contains("bad [redacted] (`invalid_grant`)"), "{error}");
}

#[test]
fn token_endpoint_redirect_is_not_followed() {
    let elsewhere = Stub::start(|_| Reply::new(200, &[], "{}"));
    let to = format!("Location: {}/token", elsewhere.address());
    let redirecting = Stub::start(move |_| Reply::new(307, &[&to], ""));
    let error = at(&redirecting).error(Misconfigured);
    assert!(error.message().contains("redirects"), "{error}");
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn token_endpoint_answer_over_1_mib_is_cut_off() {
    let long = Stub::start(|_| Reply::new(200, &[], &" ".repeat(2 * 1024 * 1024)));
    let error = at(&long).error(Transient);
    assert!(error.message().ends_with("sent more than 1 MiB"), "{error}");
}

#[test]
fn hanging_token_endpoint_ends_within_the_timeout() {
    let silent = Stub::start(|_| Reply::Silence);
    let mut source = at(&silent);
    source.time = Duration::from_secs(1);
    let started = wait::now();
    let error = source.error(Transient);
    assert!(error.message().contains("did not answer within 0.9 s"), "{error}");
    assert!(wait::since(started) < Duration::from_secs(5));
}

/// A source that asks `stub`, with a token that the stub does not look at.
fn at(stub: &Stub) -> Source {
    let address = stub.address();
    let mut source = source(&format!("grant = 'jwt-bearer'\ntoken_endpoint = '{address}/token'"));
    source.give_source("sso", "e30.e30.bWFkZS11cA");
    source
}
