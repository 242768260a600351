//! A human signs in by a browser on this machine.

mod strangers;

use std::net::TcpListener;
use std::time::Duration;

use api_key_helper_backend::ErrorKind;
use api_key_helper_backend::testing::Disk;
use integration_tests::raw_http;
use integration_tests::servers::OidcProvider;
use reqwest::Url;

use crate::common::Source;
use crate::proxy::Proxy;

/// The provider gives a refresh token where consent is asked for.
const BROWSER: &str = "flow = 'browser'\nauthorization_parameters = { prompt = 'consent' }";

fn source(provider: &OidcProvider, toml: &str) -> Source {
    Source::of(provider, &format!("{BROWSER}\n{toml}"))
}

fn parameter(address: &str, wanted: &str) -> String {
    let url = Url::parse(address).unwrap();
    url.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned()
}

#[track_caller]
fn assert_page(answer: &str, status: u16, words: &[&str]) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains("api-key-helper"), "{answer}");
    for word in words {
        assert!(answer.contains(word), "no {word:?}: {answer}");
    }
}

#[test]
fn browser_login_approved_gives_key_and_refresh_token() {
    let provider = OidcProvider::new();
    let mut source =
        source(&provider, "scopes = ['openid', 'offline_access', 'email', 'unheard-of']");
    let mut page = String::new();
    let credential = source.login(|address| page = raw_http::get(&provider.authorize(address)));
    let credential = credential.unwrap();
    let said = "is signed in to <code>sso</code> as <code>ada@example.com</code>.";
    assert_page(&page, 200, &["<h1>Signed in</h1>", said, "You can close this window."]);
    assert!(provider.is_active(credential.key.expose()));
    assert!(credential.expires_at.is_some());
    // It was kept before it was given out.
    assert_eq!(source.log.events(), ["reserve_space", "store_renewal"]);
    for secret in
        source.stored_secrets().iter().map(String::as_str).chain([credential.key.expose()])
    {
        assert!(!page.contains(secret), "{page}");
    }

    let sign_in = source.sign_in();
    assert_eq!(sign_in.account.as_deref(), Some("ada@example.com"));
    assert_eq!(sign_in.missing_scopes, ["unheard-of"]);
    assert_ne!(source.key(), credential.key.expose());
    assert_eq!((provider.granted("authorization_code"), provider.granted("refresh_token")), (1, 1));
    source.revoke().unwrap();
    assert_eq!(provider.revocations(), 1);
}

#[test]
fn browser_login_asks_for_id_token_or_resource() {
    let provider = OidcProvider::new();
    for toml in ["key = 'id_token'", "resource = 'https://llm.example.com'\nscopes = ['models']"] {
        let mut source = source(&provider, toml);
        let approve = |address: &str| drop(raw_http::get(&provider.authorize(address)));
        let credential = source.login(approve).unwrap();
        assert_eq!(credential.key.expose().split('.').count(), 3, "{toml}");
    }
}

#[test]
fn browser_login_declined_is_denied() {
    let provider = OidcProvider::new();
    let mut source = source(&provider, "");
    let mut page = String::new();
    let error =
        source.login(|address| page = raw_http::get(&provider.decline(address))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.message().starts_with("the sign-in was declined"), "{error}");
    assert!(error.hint().unwrap().to_string().contains("`api-key-helper login --source sso`"));
    assert_page(&page, 400, &["<h1>Not signed in</h1>", "the sign-in was declined", "close this"]);
    assert_eq!((&source.renewal, provider.asked("authorization_code")), (&None, 0));
}

#[test]
fn browser_login_maps_the_providers_error_codes() {
    let provider = OidcProvider::new();
    for (toml, kind, words) in [
        ("authorization_parameters = { prompt = 'none' }", ErrorKind::NeedsLogin, "login_required"),
        ("authorization_parameters = { max_age = 'x' }", ErrorKind::Misconfigured, "max_age"),
        ("resource = 'no address'", ErrorKind::Misconfigured, "refused the resource"),
    ] {
        let mut source = Source::of(&provider, &format!("flow = 'browser'\n{toml}"));
        let mut page = String::new();
        let error =
            source.login(|address| page = raw_http::get(&provider.authorize(address))).unwrap_err();
        assert_eq!(error.kind(), kind, "{}", error.report());
        assert!(error.message().contains(words), "{}", error.report());
        assert_page(&page, 400, &["<h1>Not signed in</h1>", words]);
    }
}

#[test]
fn authorization_code_is_redeemed_once_when_the_answer_is_lost() {
    let provider = OidcProvider::new();
    let proxy = Proxy::to(&provider);
    let mut source = source(&provider, &proxy.token_endpoint());
    proxy.lose_a_grant();
    let mut page = String::new();
    let error =
        source.login(|address| page = raw_http::get(&provider.authorize(address))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsLogin);
    assert!(error.message().starts_with("an answer got lost that may have been the sign-in"));
    assert_page(&page, 400, &["an answer got lost"]);
    assert_eq!((provider.granted("authorization_code"), provider.revocations()), (1, 0));
}

#[test]
fn browser_login_retries_an_unreachable_token_endpoint() {
    let provider = OidcProvider::new();
    let mut proxy = Proxy::to(&provider);
    let mut source = source(&provider, &proxy.token_endpoint());
    proxy.stop();
    let credential = source.login(|address| {
        let answer = provider.authorize(address);
        let browser = std::thread::spawn(move || raw_http::get(&answer));
        // The first request finds the port closed, and the next one is a second later.
        integration_tests::wait::sleep(Duration::from_millis(500));
        assert!(!browser.is_finished());
        proxy.start();
        assert_page(&browser.join().unwrap(), 200, &["<h1>Signed in</h1>"]);
    });
    assert!(provider.is_active(credential.unwrap().key.expose()));
    assert_eq!(provider.asked("authorization_code"), 1);
}

#[test]
fn browser_login_with_a_taken_redirect_uri_port_fails_first() {
    let provider = OidcProvider::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost"] {
        let uri = format!("redirect_uri = 'http://{host}:{port}/callback'");
        let error = source(&provider, &uri).login(|_| panic!("it was shown")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transient);
        assert_eq!(
            error.message(),
            format!("another program listens on port {port} of this machine")
        );
        assert!(error.hint().unwrap().to_string().contains("`redirect_uri`"), "{}", error.report());
    }
}

#[test]
fn redirect_uri_is_sent_as_registered() {
    let provider = OidcProvider::new();
    let port = free_port();
    for (uri, starts) in [
        ("http://localhost".to_owned(), "http://localhost:".to_owned()),
        (format!("http://localhost:{port}"), format!("http://localhost:{port}")),
    ] {
        let mut source = source(&provider, &format!("redirect_uri = '{uri}'"));
        let credential = source.login(|address| {
            let sent = parameter(address, "redirect_uri");
            assert!(sent.starts_with(&starts) && !sent.ends_with('/'), "{sent}");
            assert_page(&raw_http::get(&provider.authorize(address)), 200, &[]);
        });
        assert!(provider.is_active(credential.unwrap().key.expose()));
    }
    // What is not registered, the provider says to the human only.
    let mut source = source(&provider, "redirect_uri = 'http://127.0.0.1/elsewhere'");
    source.time = Duration::from_secs(2);
    let error = source.login(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NeedsLogin);
    assert_eq!(error.message(), "the sign-in timed out");
}

#[test]
fn browser_login_with_endpoints_by_hand_needs_no_discovery() {
    let provider = OidcProvider::new();
    let at = provider.issuer();
    let mut source = Source::new(&format!(
        "{BROWSER}\nauthorization_endpoint = '{at}/auth'\ntoken_endpoint = '{at}/token'"
    ));
    source.login(|address| drop(raw_http::get(&provider.authorize(address)))).unwrap();
    source.key();
}

#[test]
fn browser_login_on_a_full_disk_fails_before_sign_in() {
    let provider = OidcProvider::new();
    let mut source = source(&provider, "");
    source.disk = Disk::Full;
    let error = source.login(|_| panic!("it was shown")).unwrap_err();
    assert_eq!(error.message(), "the disk is full");
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
