//! An assertion is sent once.

use std::fs;
use std::net::TcpListener;

use api_key_helper_backend::ErrorKind;
use api_key_helper_backend::testing::Disk;
use integration_tests::servers::TokenEndpoint;
use integration_tests::servers::token_endpoint::Settings;
use integration_tests::source::Source;
use serde_json::Value;

use crate::common::{bearer, exchange, federation, source, with_token};

#[test]
fn next_exchange_sends_a_new_assertion() {
    let endpoint = TokenEndpoint::new();
    for mut source in [bearer(&endpoint, ""), federation(&endpoint, ("", ""))] {
        let first = source.key();
        // What the inner source has cached is the one that is spent.
        source.give_again(&endpoint.token());
        assert_ne!(source.key(), first);
        assert_eq!(source.log.events(), ["store_renewal", "resolve_again", "store_renewal"]);
    }
    assert_eq!(endpoint.statuses(), [200; 4]);
}

#[test]
fn lost_exchange_answer_makes_the_next_send_a_new_assertion() {
    let endpoint = TokenEndpoint::new();
    let mut source = bearer(&endpoint, "");
    endpoint.lose_a_grant();
    let error = source.error(ErrorKind::Transient);
    assert!(error.message().contains("broke off its response"), "{error}");
    source.give_again(&endpoint.token());
    assert!(endpoint.is_active(&source.key()));
    assert_eq!(endpoint.statuses(), [200, 200]);
}

#[test]
fn assertion_refused_by_429_is_sent_again() {
    let endpoint = TokenEndpoint::new();
    let mut source = bearer(&endpoint, "");
    endpoint.refuse(429, "");
    source.error(ErrorKind::Transient);
    source.key();
    // Neither asked for another one.
    assert_eq!(source.log.events(), ["store_renewal"; 3]);
    assert_eq!(endpoint.statuses(), [429, 200]);
}

#[test]
fn assertion_that_was_never_sent_is_not_used_up() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut source =
        source(&format!("grant = 'jwt-bearer'\ntoken_endpoint = 'http://{closed}/token'"));
    source.give_source("sso", "e30.e30.bWFkZS11cA");
    for _ in 0..2 {
        let error = source.error(ErrorKind::Transient);
        assert!(error.message().starts_with("cannot reach"), "{error}");
        assert_eq!(source.stored()["token"], Value::Null);
    }
    assert_eq!(source.log.events(), ["store_renewal"; 4]);
}

#[test]
fn assertion_refused_for_its_audience_is_not_used_up() {
    let endpoint = TokenEndpoint::new();
    let mut source = bearer(&endpoint, "");
    source.give_source("sso", &endpoint.token_with(&[("audience", "https://other.example.com")]));
    for _ in 0..2 {
        let error = source.error(ErrorKind::Denied);
        assert!(error.message().contains("unexpected \"aud\" claim value"), "{error}");
    }
    assert!(!source.log.events().contains(&"resolve_again".to_owned()));
}

#[test]
fn subject_token_is_sent_repeatedly() {
    let endpoint = TokenEndpoint::new();
    let mut source = exchange(&endpoint, "");
    assert_ne!(source.key(), source.key());
    assert!(source.log.events().is_empty());
    assert_eq!(source.renewal, None);
}

#[test]
fn assertion_file_that_is_unchanged_is_sent_again() {
    let endpoint = TokenEndpoint::with(&Settings { once: false, ..Settings::default() });
    let (_file, mut source) = with_file(&endpoint);
    assert_ne!(source.key(), source.key());
    assert_eq!(endpoint.statuses(), [200, 200]);
}

#[test]
fn assertion_file_used_before_is_refused_once_and_waited_for() {
    let endpoint = TokenEndpoint::new();
    let (file, mut source) = with_file(&endpoint);
    source.key();
    for (says, requests) in [("the token was used before", 2), ("takes a token once", 2)] {
        let error = source.error(ErrorKind::Transient);
        assert!(error.message().contains(says), "{error}");
        assert!(error.message().contains("; it is from `http://127.0.0.1:"), "{error}");
        assert!(error.hint().unwrap().to_string().contains("`expirationSeconds`"), "{error:?}");
        assert!(error.retry_after().is_some());
        assert_eq!(endpoint.statuses().len(), requests);
    }
    fs::write(file.path(), endpoint.token()).unwrap();
    source.key();
}

#[test]
fn exchange_on_a_full_disk_still_gives_the_key() {
    let endpoint = TokenEndpoint::new();
    let mut source = bearer(&endpoint, "");
    source.disk = Disk::Full;
    source.key();
}

#[test]
fn assertion_is_kept_as_a_hash() {
    let endpoint = TokenEndpoint::new();
    let mut source = bearer(&endpoint, "");
    source.key();
    let kept = source.stored();
    assert_eq!(kept["token"].as_str().map(str::len), Some(64), "{kept}");
    assert_eq!((&kept["is_refused"], &kept["version"]), (&Value::Bool(false), &1.into()));
}

/// A source whose token is in a file that another program writes.
fn with_file(endpoint: &TokenEndpoint) -> (tempfile::NamedTempFile, Source) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), endpoint.token()).unwrap();
    let source = with_token(
        &format!("{{ file = '{}' }}", file.path().display()),
        &format!(
            "grant = 'jwt-bearer'\nclient_id = 'helper'\ntoken_endpoint = '{}'",
            endpoint.form()
        ),
    );
    (file, source)
}
