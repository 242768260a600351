//! What comes to the port of a login, and is not its answer.

use std::io::Write as _;

use api_key_helper_backend::ErrorKind;
use integration_tests::raw_http;
use integration_tests::servers::OidcProvider;
use reqwest::Url;

use super::{assert_page, free_port, parameter, source};

#[test]
fn browser_login_ignores_stray_requests_to_its_port() {
    let provider = OidcProvider::new();
    let mut source = source(&provider, "");
    let credential = source.login(|address| {
        let answer = provider.authorize(address);
        // Browsers open connections in store, and some say half of what they want.
        let silent: Vec<_> = (0..40).map(|_| raw_http::connect(&answer)).collect();
        let mut slow = raw_http::connect(&answer);
        slow.write_all(b"GET /callback?code=x HTTP/1.1\r\nHost: ").unwrap();
        let (callback, query) = answer.split_once('?').unwrap();
        let origin = callback.strip_suffix("/callback").unwrap();
        for stray in [
            with(&answer, "state", Some("guessed")),
            with(&answer, "state", None),
            format!("{callback}?error=access_denied&state=guessed"),
            format!("{answer}&state=twice"),
            callback.to_owned(),
        ] {
            assert_page(&raw_http::get(&stray), 400, &["<h1>Not an answer</h1>"]);
        }
        for nothing in ["/favicon.ico", "/"] {
            let page = raw_http::get(&format!("{origin}{nothing}"));
            assert_page(&page, 404, &["<h1>Not found</h1>"]);
        }
        let options = format!("OPTIONS /callback?{query} HTTP/1.1\r\n");
        let preflight = format!(
            "{options}origin: https://login.example\r\naccess-control-request-method: GET\r\n\r\n"
        );
        assert!(raw_http::send(&answer, preflight.as_bytes()).starts_with("HTTP/1.1 204 "));
        let post = format!("POST /callback?{query} HTTP/1.1\r\n\r\n");
        let options = format!("{options}\r\n");
        for request in [
            post.as_bytes(),
            options.as_bytes(),
            b"\x16\x03\x01 a TLS hello\r\n\r\n",
            &[b'x'; 100_000],
        ] {
            assert_eq!(raw_http::send(&answer, request), "");
        }
        assert_page(&raw_http::get(&answer), 200, &["<h1>Signed in</h1>"]);
        drop((silent, slow));
    });
    assert!(provider.is_active(credential.unwrap().key.expose()));
    assert_eq!(provider.asked("authorization_code"), 1);
}

#[test]
fn browser_login_ignores_an_old_answer() {
    let provider = OidcProvider::new();
    let mut source = source(&provider, "");
    let mut old = String::new();
    let approve = |address: &str| {
        old = provider.authorize(address);
        drop(raw_http::get(&old));
    };
    source.login(approve).unwrap();
    // Its port is closed, and its code is spent.
    assert!(std::panic::catch_unwind(|| raw_http::get(&old)).is_err());
    let port = free_port();
    source =
        super::source(&provider, &format!("redirect_uri = 'http://127.0.0.1:{port}/callback'"));
    source
        .login(|address| {
            let answer = provider.authorize(address);
            let mut replayed = Url::parse(&old).unwrap();
            replayed.set_port(Some(port)).unwrap();
            assert_page(&raw_http::get(replayed.as_str()), 400, &["<h1>Not an answer</h1>"]);
            assert_page(&raw_http::get(&answer), 200, &[]);
        })
        .unwrap();
    assert_eq!((provider.asked("authorization_code"), provider.revocations()), (2, 0));
}

#[test]
fn browser_login_refuses_a_code_without_our_pkce_verifier_or_nonce() {
    let provider = OidcProvider::new();
    for (name, value, why) in [
        // Of a client that does not know our verifier.
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "the code no more"),
        // Of a client of which the provider demands no verifier.
        ("nonce", "another", "the provider's ID token is not of this sign-in"),
    ] {
        let mut source = source(&provider, "");
        let mut page = String::new();
        let error = source
            .login(|address| {
                page = raw_http::get(&provider.authorize(&with(address, name, Some(value))));
            })
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NeedsLogin, "{}", error.report());
        assert!(error.message().contains(why), "{}", error.report());
        assert_page(&page, 400, &["<h1>Not signed in</h1>", "api-key-helper login --source sso"]);
        assert_eq!(source.renewal, None);
    }
}

#[test]
fn browser_login_refuses_the_answer_of_another_issuer() {
    let provider = OidcProvider::new();
    let mut source = source(&provider, "");
    for (issuer, words) in [
        (
            Some("https://evil.example.com"),
            "was answered by `https://evil.example.com`, and not by",
        ),
        // This provider has announced that it says who it is.
        (None, "by a provider that does not name itself"),
    ] {
        let mut page = String::new();
        let error = source
            .login(|address| {
                let answer = provider.authorize(address);
                assert_eq!(parameter(&answer, "iss"), provider.issuer());
                page = raw_http::get(&with(&answer, "iss", issuer));
            })
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.message().contains(words), "{error}");
        assert_page(&page, 400, &["<h1>Not signed in</h1>"]);
    }
    assert_eq!(provider.asked("authorization_code"), 0);
}

/// `address` with another value of a parameter, or without it.
fn with(address: &str, name: &str, value: Option<&str>) -> String {
    let mut url = Url::parse(address).unwrap();
    let others: Vec<(String, String)> =
        url.query_pairs().into_owned().filter(|(other, _)| other != name).collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(others)
        .extend_pairs(value.map(|value| (name, value)));
    url.into()
}
