//! The key is renewed without the human.

use std::time::{Duration, Instant};

use api_key_helper_backend::ErrorKind;
use api_key_helper_backend::testing::Disk;
use integration_tests::servers::OidcProvider;
use integration_tests::servers::oidc_provider::Settings;
use integration_tests::wait;

use crate::common::Source;

#[test]
fn fetch_without_a_login_sends_no_request() {
    // Nothing listens there.
    let mut source = Source::new("issuer = 'http://127.0.0.1:9'");
    let started: Instant = wait::now();
    let error = source.error(ErrorKind::NeedsLogin);
    assert!(wait::since(started) < Duration::from_millis(50));
    assert_eq!(error.message(), "there is no sign-in for `sso`");
    assert_eq!(error.hint().unwrap().to_string(), "run `api-key-helper login --source sso`");
}

#[test]
fn refresh_token_is_used_once_and_replaced() {
    let provider = OidcProvider::new();
    let mut source = Source::signed_in(&provider, "");
    let mut tokens = vec![source.refresh_token()];
    for refreshes in 1..=3 {
        let key = source.key();
        assert!(provider.is_active(&key));
        assert_eq!(provider.granted("refresh_token"), refreshes);
        assert!(!tokens.contains(&source.refresh_token()));
        tokens.push(source.refresh_token());
    }
    assert_eq!(provider.revocations(), 0);
    // Once for each that was given out, and never without room for it.
    assert_eq!(source.log.events(), [["reserve_space", "store_renewal"]; 4].concat());
}

#[test]
fn refresh_token_without_rotation_is_not_saved_again() {
    let provider = OidcProvider::with(&Settings { rotate: false, ..Settings::default() });
    let mut source = Source::signed_in(&provider, "");
    let token = source.refresh_token();
    source.key();
    source.key();
    assert_eq!(source.refresh_token(), token);
    let stored = source.log.events().iter().filter(|event| *event == "store_renewal").count();
    assert_eq!(stored, 1);
}

#[test]
fn access_tokens_may_be_opaque_or_for_a_resource() {
    let provider = OidcProvider::new();
    let mut opaque = Source::signed_in(&provider, "");
    assert!(!opaque.key().contains('.'));
    let toml =
        "resource = 'https://models.example.com'\nscopes = ['openid', 'offline_access', 'models']";
    let mut jwt = Source::signed_in(&provider, toml);
    for _ in 0..2 {
        assert_eq!(jwt.key().split('.').count(), 3);
    }
    assert_eq!(provider.revocations(), 0);
}

#[test]
fn refresh_token_is_not_used_on_a_full_disk() {
    let provider = OidcProvider::new();
    let mut source = Source::signed_in(&provider, "");
    source.disk = Disk::Full;
    let error = source.error(ErrorKind::Transient);
    assert_eq!(error.message(), "the disk is full");
    assert_eq!(provider.asked("refresh_token"), 0);
    source.disk = Disk::Works;
    source.key();
}

#[test]
fn refresh_token_that_could_not_be_saved_still_gives_the_key() {
    let provider = OidcProvider::new();
    let mut source = Source::signed_in(&provider, "");
    source.disk = Disk::Broken;
    source.key();
    source.key();
    assert_eq!(provider.granted("refresh_token"), 2);
    assert_eq!(provider.revocations(), 0);
}

#[test]
fn revoked_refresh_token_is_remembered() {
    let provider = OidcProvider::new();
    let mut source = Source::signed_in(&provider, "scopes = ['openid', 'offline_access', 'email']");
    source.key();
    provider.revoke();
    let error = source.error(ErrorKind::NeedsLogin);
    assert!(error.message().starts_with("the sign-in of `ada@example.com` has ended: "), "{error}");
    assert_eq!(error.hint().unwrap().to_string(), "run `api-key-helper login --source sso`");
    assert_eq!(provider.asked("refresh_token"), 2);
    // From now on it is known.
    let error = source.error(ErrorKind::NeedsLogin);
    assert!(error.message().starts_with("the sign-in of `ada@example.com` has ended: "), "{error}");
    assert_eq!(provider.asked("refresh_token"), 2);
    assert!(source.sign_in().expires_at.is_some());
    // There is nothing to give back.
    source.revoke().unwrap();
    source.login(|code| provider.approve(code)).unwrap();
    source.key();
}

#[test]
fn refresh_token_rotated_by_another_process_is_used() {
    let provider = OidcProvider::new();
    let mut source = Source::signed_in(&provider, "");
    let newer = Source::signed_in(&provider, "").renewal.take();
    source.newer_renewal.clone_from(&newer);
    provider.refuse(400, r#"{"error":"invalid_grant"}"#);
    source.key();
    // That one was replaced in turn.
    assert_eq!(provider.granted("refresh_token"), 1);
    assert_ne!(source.renewal, newer);
    assert_eq!(provider.revocations(), 0);
}

#[test]
fn login_without_a_refresh_token_gives_one_key() {
    let provider = OidcProvider::new();
    let mut source = Source::of(&provider, "scopes = ['openid']");
    let end = source.login(|code| provider.approve(code)).unwrap().expires_at.unwrap();
    let error = source.error(ErrorKind::NeedsLogin);
    assert!(error.message().ends_with("it has no refresh token"), "{error}");
    assert!(error.hint().unwrap().to_string().contains("`offline_access`"), "{error:?}");
    assert_eq!(provider.asked("refresh_token"), 0);
    let told = source.sign_in().expires_at.unwrap();
    assert!(end.duration_since(told).unwrap() < Duration::from_secs(1));
}
