//! Requests that must not be sent twice.

use api_key_helper_backend::ErrorKind;
use integration_tests::servers::OidcProvider;
use integration_tests::wait;

use crate::common::Source;
use crate::proxy::Proxy;

#[test]
fn device_code_is_redeemed_once_when_the_answer_is_lost() {
    let provider = OidcProvider::new();
    let proxy = Proxy::to(&provider);
    let mut source = Source::of(&provider, &proxy.token_endpoint());
    proxy.lose_a_grant();
    let error = source.login(|code| provider.approve(code)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsLogin);
    assert!(error.message().starts_with("an answer got lost that may have been the sign-in"));
    assert_eq!(error.hint().unwrap().to_string(), "run `api-key-helper login --source sso`");
    assert_eq!(provider.granted("device_code"), 1);
    assert_eq!(provider.revocations(), 0);
    // It was the last thing that was asked.
    assert_eq!(provider.events().last().unwrap().status, 200);
    // The human does it once more.
    source.login(|code| provider.approve(code)).unwrap();
    source.key();
}

#[test]
fn device_code_is_not_sent_again_after_500_502_504() {
    for status in [500, 502, 504] {
        let provider = OidcProvider::new();
        let mut source = Source::of(&provider, "");
        provider.refuse(status, "<html>Bad Gateway</html>");
        let error = source.login(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NeedsLogin, "{error}");
        assert!(error.message().contains(&format!("answered {status}")), "{error}");
        assert_eq!(provider.asked("device_code"), 0);
    }
}

#[test]
fn lost_refresh_token_answer_costs_one_login() {
    let provider = OidcProvider::new();
    let proxy = Proxy::to(&provider);
    let mut source = Source::signed_in(&provider, &proxy.token_endpoint());
    source.key();
    proxy.lose_a_grant();
    // It is not sent again within the attempt.
    let error = source.error(ErrorKind::Transient);
    assert!(error.message().ends_with("if it had renewed the sign-in, one login is needed"));
    assert_eq!(provider.asked("refresh_token"), 2);
    // The next attempt learns that it was replaced. A provider takes that for a theft.
    let error = source.error(ErrorKind::NeedsLogin);
    assert!(error.message().contains("that answer never arrived"), "{error}");
    assert_eq!(provider.asked("refresh_token"), 3);
    assert_eq!(provider.revocations(), 1);
    // And after that nothing is asked.
    source.error(ErrorKind::NeedsLogin);
    assert_eq!(provider.asked("refresh_token"), 3);
    source.login(|code| provider.approve(code)).unwrap();
    source.key();
}

#[test]
fn refresh_token_that_was_never_sent_is_kept() {
    let provider = OidcProvider::new();
    let mut proxy = Proxy::to(&provider);
    let mut source = Source::signed_in(&provider, &proxy.token_endpoint());
    proxy.stop();
    let before = source.renewal.clone();
    let error = source.error(ErrorKind::Transient);
    assert!(error.message().starts_with("cannot reach `http://127.0.0.1:"), "{error}");
    assert_eq!(source.renewal, before);
    proxy.start();
    source.key();
}

#[test]
fn refresh_token_survives_a_lost_502_refusal() {
    let provider = OidcProvider::new();
    let mut source = Source::signed_in(&provider, "");
    provider.refuse(502, "");
    source.error(ErrorKind::Transient);
    // It had not been replaced.
    source.key();
    provider.revoke();
    let error = source.error(ErrorKind::NeedsLogin);
    assert!(error.message().contains("has ended"), "{error}");
}

#[test]
fn unreachable_provider_fails_without_waiting_for_the_timeout() {
    let provider = OidcProvider::new();
    let mut source = Source::signed_in(&provider, "");
    provider.kill();
    let started = wait::now();
    source.error(ErrorKind::Transient);
    assert!(wait::since(started) < std::time::Duration::from_secs(5));
}
