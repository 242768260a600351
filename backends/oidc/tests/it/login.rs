//! A human signs in.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use api_key_helper_backend::ErrorKind;
use api_key_helper_backend::testing::Disk;
use integration_tests::servers::oidc_provider::{Event, Settings};
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{OidcProvider, Stub};
use integration_tests::wait;
use serde_json::json;

use crate::common::Source;
use crate::proxy::Proxy;

const EMAIL: &str = "scopes = ['openid', 'offline_access', 'email', 'unheard-of']";

/// The polls of a login.
fn polls(provider: &OidcProvider) -> Vec<Event> {
    provider.events().into_iter().filter(|event| event.grant == "device_code").collect()
}

/// The seconds between two events.
fn gaps(events: &[Event]) -> Vec<f64> {
    events
        .windows(2)
        .map(|pair| Duration::from_millis(pair[1].at - pair[0].at).as_secs_f64())
        .collect()
}

#[test]
fn device_login_approved_gives_key_and_refresh_token() {
    let provider = OidcProvider::new();
    let mut source = Source::of(&provider, EMAIL);
    let credential = source.login(|code| provider.approve(code)).unwrap();
    assert!(provider.is_active(credential.key.expose()));
    assert_eq!(provider.granted("device_code"), 1);
    // An hour, from when it was asked for.
    let end = credential.expires_at.unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let now = polls(&provider).last().unwrap().at / 1_000;
    assert!((now + 3_590..=now + 3_600).contains(&end), "{now} {end}");
    // It was kept before it was given out.
    assert_eq!(source.log.events(), ["reserve_space", "store_renewal"]);

    let sign_in = source.sign_in();
    assert_eq!(sign_in.account.as_deref(), Some("ada@example.com"));
    assert_eq!(sign_in.scopes, ["openid", "offline_access", "email"]);
    assert_eq!(sign_in.missing_scopes, ["unheard-of"]);
    assert_eq!(sign_in.expires_at, None);
    // What was not granted is not asked for again.
    source.key();
    assert_eq!(source.sign_in().missing_scopes, ["unheard-of"]);
}

#[test]
fn device_login_declined_is_denied() {
    let provider = OidcProvider::new();
    let mut source = Source::of(&provider, "");
    let error = source.login(|code| provider.deny(code)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.message().starts_with("the sign-in was declined"), "{error}");
    assert!(error.hint().unwrap().to_string().contains("`api-key-helper login --source sso`"));
    assert_eq!(source.renewal, None);
    assert_eq!(provider.asked("device_code"), 1);
}

#[test]
fn device_code_expired_needs_login() {
    let provider = OidcProvider::with(&Settings { device_code: 3, ..Settings::default() });
    let mut source = Source::of(&provider, "");
    let started = wait::now();
    let error = source.login(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsLogin);
    assert_eq!(error.message(), "the code expired before the sign-in");
    assert!(wait::since(started) < Duration::from_secs(8));
    assert!((1..=3).contains(&provider.asked("device_code")), "{:?}", polls(&provider));
    assert_eq!(source.renewal, None);
}

#[test]
fn device_login_slow_down_lengthens_the_poll_interval() {
    let provider = OidcProvider::new();
    let mut source = Source::of(&provider, "");
    let started = wait::now();
    source
        .login(|code| {
            wait::until("two polls were answered", || {
                (provider.asked("device_code") == 2).then_some(())
            });
            provider.slow_down();
            wait::until("it was slowed down", || {
                provider
                    .events()
                    .iter()
                    .any(|e| e.error.as_deref() == Some("slow_down"))
                    .then_some(())
            });
            provider.approve(code);
        })
        .unwrap();
    let polls: Vec<Event> =
        provider.events().into_iter().filter(|event| event.path == "/token").collect();
    let gaps = gaps(&polls);
    let slowed = polls.iter().position(|poll| poll.error.as_deref() == Some("slow_down")).unwrap();
    let (before, after) = gaps.split_at(slowed);
    assert!(before.len() >= 2 && before.iter().all(|gap| *gap > 0.95), "{gaps:?}");
    assert!(!after.is_empty() && after.iter().all(|gap| *gap > 5.95), "{gaps:?}");
    assert_eq!(polls.last().unwrap().status, 200);
    assert!(wait::since(started) > Duration::from_secs(8));
}

#[test]
fn device_login_poll_interval_defaults_to_five_seconds() {
    let provider = OidcProvider::with(&Settings { interval: None, ..Settings::default() });
    let mut source = Source::of(&provider, "");
    let started = wait::now();
    source.login(|code| provider.approve(code)).unwrap();
    assert!(wait::since(started) > Duration::from_secs(5));
    assert_eq!(provider.asked("device_code"), 1);
}

#[test]
fn device_login_survives_a_lost_connection() {
    let provider = OidcProvider::new();
    let mut proxy = Proxy::to(&provider);
    let mut source = Source::of(&provider, &proxy.token_endpoint());
    let credential = source.login(|code| {
        wait::until("there was a poll", || (provider.asked("device_code") == 1).then_some(()));
        proxy.stop();
        // One poll is missed, after which the wait is two seconds.
        wait::sleep(Duration::from_millis(1_500));
        proxy.start();
        provider.approve(code);
    });
    assert!(provider.is_active(credential.unwrap().key.expose()));
    let gaps = gaps(&polls(&provider));
    assert!(gaps.iter().any(|gap| *gap > 2.9), "{gaps:?}");
}

#[test]
fn device_login_with_an_unreachable_provider_names_the_connection() {
    let provider = OidcProvider::with(&Settings { device_code: 4, ..Settings::default() });
    let mut proxy = Proxy::to(&provider);
    let mut source = Source::of(&provider, &proxy.token_endpoint());
    let error = source.login(|_| proxy.stop()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsLogin);
    let says = "the code expired before it could be redeemed: cannot reach `http://127.0.0.1:";
    assert!(error.message().starts_with(says), "{error}");
}

#[test]
fn device_login_retries_after_503() {
    let provider = OidcProvider::new();
    let mut source = Source::of(&provider, "");
    provider.refuse(503, "<html>Service Unavailable</html>");
    source.login(|code| provider.approve(code)).unwrap();
    assert_eq!(provider.granted("device_code"), 1);
}

#[test]
fn client_secret_is_sent_by_basic_or_post() {
    for method in ["client_secret_basic", "client_secret_post"] {
        let secret = Some(("canary/+&1".to_owned(), method.to_owned()));
        let provider = OidcProvider::with(&Settings { secret, ..Settings::default() });
        let mut source = Source::of(&provider, "client_secret = { env = 'OIDC_SECRET' }");
        source.login(|code| provider.approve(code)).unwrap();
        source.key();
        source.revoke().unwrap();
        assert_eq!(provider.revocations(), 1);
    }
    let secret = Some(("another".to_owned(), "client_secret_basic".to_owned()));
    let provider = OidcProvider::with(&Settings { secret, ..Settings::default() });
    let mut source = Source::of(&provider, "client_secret = { env = 'OIDC_SECRET' }");
    let error = source.login(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.message().contains("refused the client `helper`"), "{error}");
    assert!(!error.report().contains("canary"), "{error}");
}

#[test]
fn device_login_with_endpoints_by_hand_needs_no_discovery() {
    let provider = OidcProvider::new();
    let at = provider.issuer();
    let mut source = Source::new(&format!(
        "device_authorization_endpoint = '{at}/device/auth'\n\
         token_endpoint = '{at}/token'\nrevocation_endpoint = '{at}/token/revocation'"
    ));
    source.login(|code| provider.approve(code)).unwrap();
    source.key();
    source.revoke().unwrap();
    assert_eq!(provider.revocations(), 1);
}

#[test]
fn failed_login_keeps_the_previous_refresh_token() {
    let count = AtomicUsize::new(0);
    let stub = Stub::start(move |request| {
        let address = request.address();
        let url = |path: &str| format!("{address}{path}");
        let body = match request.line.as_str() {
            "POST /device" => json!({
                "device_code": "d", "user_code": "u", "verification_uri": url("/page"),
                "expires_in": 60, "interval": 1,
            }),
            "POST /token" if count.fetch_add(1, Ordering::Relaxed) == 0 => {
                json!({ "access_token": "at", "token_type": "Bearer", "refresh_token": "rt-1" })
            }
            "POST /token" => json!({ "access_token": "at", "token_type": "DPoP" }),
            _ => json!({
                "issuer": address, "token_endpoint": url("/token"),
                "device_authorization_endpoint": url("/device"),
            }),
        };
        Reply::json(200, &body)
    });
    let mut source = Source::new(&format!("issuer = '{}'", stub.address()));
    source.login(|_| ()).unwrap();
    let error = source.login(|_| ()).unwrap_err();
    assert!(error.message().contains("returned a `DPoP` token"), "{error}");
    assert_eq!(source.refresh_token(), "rt-1");
}

#[test]
fn device_login_on_a_full_disk_fails_before_sign_in() {
    let provider = OidcProvider::new();
    let mut source = Source::of(&provider, "");
    source.disk = Disk::Full;
    let error = source.login(|_| panic!("it was shown")).unwrap_err();
    assert_eq!(error.message(), "the disk is full");
    assert!(provider.events().is_empty());
}
