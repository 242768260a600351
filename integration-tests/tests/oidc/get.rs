//! `get` never prompts, and renews for as long as the login lasts.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use integration_tests::servers::oidc_provider::{CLIENT, Settings};
use integration_tests::servers::{OidcProvider, Stub, stub};
use integration_tests::wait::{now, since, until};
use serde_json::Value;

use crate::user::{COMMAND, SOURCE, User};

const HOUR: Duration = Duration::from_secs(3_600);
/// The documented limit.
const PROMISE: Duration = Duration::from_millis(50);
/// The limit for a machine under load, with unoptimised binaries.
const BOUND: Duration = Duration::from_millis(500);

/// Asserts that calls which need a login report it at once.
#[track_caller]
fn assert_told_at_once(user: &User, why: &str) {
    let timed = || {
        let started = now();
        user.get().run().assert_error(3, &[why, COMMAND]);
        since(started)
    };
    // The first call also compiles the configuration; the fastest one had the fewest disturbances.
    let times: Vec<Duration> = (0..5).map(|_| timed()).collect();
    let fastest = times.iter().min().unwrap();
    assert!(*fastest < BOUND, "{PROMISE:?} are promised, and it took {times:?}");
}

#[test]
fn get_before_login_exits_3_without_a_request() {
    let provider = Stub::start(|_| stub::Reply::Silence);
    let user = User::at(provider.address(), "");
    assert_told_at_once(&user, "there is no sign-in for `sso`");
    assert!(provider.requests().is_empty(), "{:?}", provider.requests());
}

#[test]
fn revoked_refresh_token_is_remembered_until_the_next_login() {
    let provider = OidcProvider::new();
    let user = User::signed_in(&provider, "scopes = [\"openid\", \"offline_access\", \"email\"]");
    let old = user.key();
    provider.revoke();
    // The cached key is printed until it expires.
    assert_eq!(user.key(), old);
    user.state().age(SOURCE, HOUR);

    let why = "the sign-in of `ada@example.com` has ended";
    user.get().run().assert_error(3, &[why, COMMAND]);
    let events = provider.events();
    assert_eq!(provider.asked("refresh_token"), 1);
    assert_told_at_once(&user, why);
    // Neither the end of the cooldown nor a refresh sends the revoked token again.
    user.state().end_pause(SOURCE);
    user.get().run().assert_error(3, &[why, COMMAND]);
    user.home.call(["get", "--refresh"]).run().assert_error(3, &[why, COMMAND]);
    assert_eq!(provider.events(), events);

    user.sign_in(&provider);
    let key = user.key();
    assert!(key != old && provider.is_active(&key));
    assert_eq!(user.status()["failure"], Value::Null);
    user.state().age(SOURCE, HOUR);
    assert_ne!(user.key(), key);
}

#[test]
fn refresh_token_renews_the_access_token_many_times() {
    let provider = OidcProvider::with(&Settings { access_token: 3, ..Settings::default() });
    let user = User::signed_in(&provider, "");
    let mut keys: Vec<String> = Vec::new();
    for _ in 0..3 {
        let key = user.key();
        assert!(provider.is_active(&key) && !keys.contains(&key), "{key} after {keys:?}");
        until("the key has ended", || (!provider.is_active(&key)).then_some(()));
        keys.push(key);
    }
    user.key();
    // The provider revokes a token that is used twice.
    assert!(provider.granted("refresh_token") >= 3);
    assert_eq!(provider.granted("refresh_token"), provider.asked("refresh_token"));
    assert_eq!((provider.granted("device_code"), provider.revocations()), (1, 0));
}

#[test]
fn refresh_token_without_rotation_keeps_working() {
    let provider = OidcProvider::with(&Settings { rotate: false, ..Settings::default() });
    let user = User::signed_in(&provider, "");
    let first = user.key();
    for refreshes in 1..=3 {
        user.state().age(SOURCE, HOUR);
        assert_ne!(user.key(), first);
        assert_eq!(provider.granted("refresh_token"), refreshes);
    }
}

#[test]
fn key_may_be_opaque_access_token_jwt_or_id_token() {
    let provider = OidcProvider::new();
    let jwt = "resource = \"https://models.example.com\"\n\
               scopes = [\"openid\", \"offline_access\", \"models\"]";
    for (source, audience) in [
        ("", None),
        (jwt, Some("https://models.example.com")),
        ("key = \"id_token\"", Some(CLIENT)),
    ] {
        let user = User::signed_in(&provider, source);
        let first = user.key();
        assert_audience(&first, audience);
        assert_eq!(user.key(), first);
        user.state().age(SOURCE, HOUR);
        let before = provider.granted("refresh_token");
        assert_audience(&user.key(), audience);
        assert_eq!(provider.granted("refresh_token"), before + 1);
    }
    assert_eq!(provider.revocations(), 0);
}

/// Asserts that the key is a JWT for `audience` about the user, or opaque if there is no audience.
#[track_caller]
fn assert_audience(key: &str, audience: Option<&str>) {
    let parts: Vec<&str> = key.split('.').collect();
    let Some(audience) = audience else {
        assert_eq!(parts.len(), 1, "{key}");
        return;
    };
    let claims = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((claims["aud"].as_str(), claims["sub"].as_str()), (Some(audience), Some("ada")));
}

#[test]
fn provider_503_keeps_the_refresh_token() {
    let provider = OidcProvider::new();
    let user = User::signed_in(&provider, "retries = 0");
    let key = user.key();
    user.state().age(SOURCE, HOUR - Duration::from_secs(20));
    provider.refuse(503, "<html>Service Unavailable</html>");
    user.get().run().assert_warned(&key, &["using the key that `sso` gave", "answered 503"]);
    user.state().end_pause(SOURCE);
    assert_ne!(user.key(), key);
    assert_eq!(provider.revocations(), 0);
}

/// Returns a provider whose client has the secret `right`, which the source reads from `CS`.
fn provider_with_secret() -> OidcProvider {
    let secret = Some(("right".to_owned(), "client_secret_basic".to_owned()));
    OidcProvider::with(&Settings { secret, ..Settings::default() })
}

const SECRET_IN_VARIABLE: &str = "client_secret = { env = \"CS\" }";

#[test]
fn refresh_token_survives_a_missing_or_wrong_client_secret() {
    let provider = provider_with_secret();
    let user = User::with(&provider, SECRET_IN_VARIABLE);
    let with = |secret: &str| user.get().env("CS", secret);
    let login = crate::user::Login::start(&user.home.call(["login"]).env("CS", "right"));
    provider.approve(&login.code());
    assert_eq!(login.finish().code, Some(0));
    let key = with("right").run().key();

    user.get().run().assert_error(2, &["the variable `CS` is not set"]);
    with("wrong").run().assert_error(2, &["client"]);
    assert_eq!(with("right").run().key(), key);
}

#[test]
fn missing_client_secret_exits_2_before_any_sign_in() {
    let provider = Stub::start(|_| stub::Reply::Silence);
    let user = User::at(provider.address(), SECRET_IN_VARIABLE);
    user.get().run().assert_error(2, &["the variable `CS` is not set"]);
    user.get().env("CS", "right").run().assert_error(3, &["there is no sign-in", COMMAND]);
    assert!(provider.requests().is_empty(), "{:?}", provider.requests());
}
