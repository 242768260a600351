use std::collections::BTreeMap;

use super::*;

/// The verifier of RFC 7636, appendix B.
const VERIFIER: [u8; 32] = [
    116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77,
    105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
];
const ISSUER: &str = "https://idp.example.com";

fn settings(toml: &str) -> Settings {
    Settings::with(&format!("flow = 'browser'\n{toml}"))
}

fn authorization(settings: &Settings) -> AuthorizationRequest {
    AuthorizationRequest::new(settings, 4711, [[1; 32], [2; 32], VERIFIER])
}

fn asked(toml: &str, endpoint: &str) -> BTreeMap<String, String> {
    let settings = settings(toml);
    let endpoint = Endpoint::parse(endpoint).unwrap();
    let address = authorization(&settings).address(&endpoint, &settings);
    let pairs: Vec<(String, String)> = address.query_pairs().into_owned().collect();
    let query: BTreeMap<String, String> = pairs.iter().cloned().collect();
    assert_eq!(query.len(), pairs.len(), "{address}");
    query
}

#[test]
fn authorization_request_has_pkce_challenge_state_and_nonce() {
    let query = asked("", "https://idp.example.com/auth");
    let expected = [
        ("client_id", "helper"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
        ("nonce", &URL_SAFE_NO_PAD.encode([2; 32])),
        ("redirect_uri", "http://127.0.0.1:4711/callback"),
        ("response_mode", "query"),
        ("response_type", "code"),
        ("scope", "openid offline_access"),
        ("state", &URL_SAFE_NO_PAD.encode([1; 32])),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(query, BTreeMap::from(expected));
}

#[test]
fn authorization_request_keeps_the_endpoints_query() {
    let query = asked(
        "scopes = ['llm']\naudience = 'https://llm'\nresource = 'https://llm/r'\n\
         authorization_parameters = { prompt = 'consent' }",
        "https://idp.example.com/auth?p=b2c",
    );
    for (name, value) in
        [("p", "b2c"), ("prompt", "consent"), ("audience", "https://llm"), ("scope", "llm")]
    {
        assert_eq!(query[name], value);
    }
    // Without `openid` there is no ID token that could repeat it.
    assert!(!query.contains_key("nonce"));
}

#[test]
fn authorization_answer_with_another_state_is_ignored() {
    let settings = settings("");
    let authorization = authorization(&settings);
    let state = URL_SAFE_NO_PAD.encode([1; 32]);
    let expected = ExpectedIssuer { issuer: Some(ISSUER), is_announced: false };
    let callback =
        |target: &str| authorization.callback(&target.replace("STATE", &state), expected);
    assert_eq!(
        callback("/callback?code=c%2F1&state=STATE"),
        Callback::Response(AuthorizationResponse::Code(Secret::from("c/1")))
    );
    for (target, what) in [
        ("/favicon.ico", Callback::OtherPage),
        ("/callback/?code=c&state=STATE", Callback::OtherPage),
        ("//callback?code=c&state=STATE", Callback::OtherPage),
        ("/callback", Callback::Stray),
        ("/callback?code=c", Callback::Stray),
        ("/callback?code=c&state=", Callback::Stray),
        ("/callback?code=c&state=STATEx", Callback::Stray),
        ("/callback?code=c&state=wrong", Callback::Stray),
        ("/callback?error=access_denied&state=wrong", Callback::Stray),
        ("/callback?code=c&state=STATE&state=STATE", Callback::Stray),
        ("/callback?code=c&code=d&state=STATE", Callback::Stray),
        ("/callback?state=STATE", Callback::Stray),
    ] {
        assert_eq!(callback(target), what, "{target}");
    }
    let refusal = callback("/callback?error=access_denied&error_description=not+now&state=STATE");
    let description = Some("not now".to_owned());
    assert_eq!(
        refusal,
        Callback::Response(AuthorizationResponse::Refusal {
            error: "access_denied".to_owned(),
            description
        })
    );
}

#[test]
fn authorization_answer_with_another_iss_is_refused() {
    let settings = settings("");
    let authorization = authorization(&settings);
    let state = URL_SAFE_NO_PAD.encode([1; 32]);
    let callback = |issuer: &str, wanted, is_announced| {
        let target = format!("/callback?code=c&state={state}{issuer}");
        authorization.callback(&target, ExpectedIssuer { issuer: wanted, is_announced })
    };
    let code = Callback::Response(AuthorizationResponse::Code(Secret::from("c")));
    let own = "&iss=https%3A%2F%2Fidp.example.com";
    let other = "&iss=https%3A%2F%2Fevil.example.com";
    let foreign = Callback::Response(AuthorizationResponse::Foreign(Some(
        "https://evil.example.com".to_owned(),
    )));
    assert_eq!(callback(own, Some(ISSUER), true), code);
    assert_eq!(callback(own, Some(ISSUER), false), code);
    assert_eq!(callback("", Some(ISSUER), false), code);
    assert_eq!(
        callback("", Some(ISSUER), true),
        Callback::Response(AuthorizationResponse::Foreign(None))
    );
    assert_eq!(callback(other, Some(ISSUER), true), foreign);
    assert_eq!(callback(other, Some(ISSUER), false), foreign);
    // Its name is unknown.
    assert_eq!(callback(other, None, false), code);
}

#[test]
fn authorization_refusal_with_another_iss_is_refused() {
    let settings = settings("");
    let state = URL_SAFE_NO_PAD.encode([1; 32]);
    let target = format!("/callback?error=access_denied&state={state}&iss=https%3A%2F%2Fevil");
    let expected = ExpectedIssuer { issuer: Some(ISSUER), is_announced: true };
    let callback = authorization(&settings).callback(&target, expected);
    assert_eq!(
        callback,
        Callback::Response(AuthorizationResponse::Foreign(Some("https://evil".to_owned())))
    );
}
