//! What providers, and what stands in front of them, answer to a refresh.

use api_key_helper_backend::ErrorKind;
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{OidcProvider, Stub};

use crate::common::Source;

#[test]
fn refresh_token_is_dropped_only_on_the_providers_own_error() {
    use ErrorKind::{Denied, Misconfigured, NeedsLogin, Transient};
    let provider = OidcProvider::new();
    let mut source = Source::signed_in(&provider, "");
    for (status, body, kind) in [
        (503, "<html>Service Unavailable</html>", Transient),
        (403, "<html>Forbidden by policy</html>", Transient),
        (404, "", Transient),
        (200, "<html>Sign in to the wireless network</html>", Transient),
        (400, r#"{"error":"temporarily_unavailable"}"#, Transient),
        (429, r#"{"error":"slow_down"}"#, Transient),
        (401, r#"{"error":"invalid_client"}"#, Misconfigured),
        (400, r#"{"error":"unauthorized_client"}"#, Misconfigured),
        (400, r#"{"error":"access_denied"}"#, Denied),
        (400, r#"{"error":"interaction_required"}"#, NeedsLogin),
    ] {
        provider.refuse(status, body);
        let error = source.error(kind);
        assert!(error.hint().is_some() || kind == Transient, "{error:?}");
        assert_eq!(provider.asked("refresh_token"), 0);
    }
    // The token has survived all of it.
    source.key();
}

#[test]
fn refresh_token_refused_by_an_empty_400_needs_login() {
    let provider = OidcProvider::new();
    let mut source = Source::signed_in(&provider, "");
    provider.refuse(400, "");
    source.error(ErrorKind::NeedsLogin);
    source.error(ErrorKind::NeedsLogin);
    assert_eq!(provider.asked("refresh_token"), 0);
}

#[test]
fn http_answer_over_1_mib_is_cut_off() {
    let long = Stub::start(|_| Reply::new(200, &[], &" ".repeat(2 * 1024 * 1024)));
    let mut source = Source::new(&format!("issuer = '{}'", long.address()));
    let error = source.login(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(error.message().ends_with("sent more than 1 MiB"), "{error}");
}

#[test]
fn token_endpoint_redirect_is_not_followed() {
    let elsewhere = Stub::start(|_| Reply::new(200, &[], "{}"));
    let to = format!("Location: {}/token", elsewhere.address());
    let redirecting = Stub::start(move |_| Reply::new(307, &[&to], ""));
    let at = redirecting.address();
    let mut source = Source::new(&format!(
        "device_authorization_endpoint = '{at}/device'\ntoken_endpoint = '{at}/token'"
    ));
    let error = source.login(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.message().contains("redirects"), "{error}");
    assert!(elsewhere.requests().is_empty());
}
