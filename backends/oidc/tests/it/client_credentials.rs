//! A machine asks for itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_key_helper_backend::{ErrorKind, SecretInput};
use integration_tests::servers::OidcProvider;
use integration_tests::servers::oidc_provider::{CLIENT, Settings};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;

use crate::common::Source;

const SECRET: &str = "canary/+&1 of a machine, long enough for HS256";
const MACHINE: &str = "flow = 'client_credentials'\nclient_secret = { env = 'OIDC_SECRET' }";

fn provider(method: &str) -> OidcProvider {
    let secret = Some((SECRET.to_owned(), method.to_owned()));
    OidcProvider::with(&Settings { secret, ..Settings::default() })
}

fn source(provider: &OidcProvider, toml: &str) -> Source {
    let mut source = Source::of(provider, toml);
    source.give(SecretInput::Env("OIDC_SECRET".to_owned()), SECRET);
    source
}

#[test]
fn client_credentials_with_client_secret_give_a_key() {
    for method in ["client_secret_basic", "client_secret_post"] {
        let provider = provider(method);
        let mut source = source(&provider, MACHINE);
        let credential = source.fetch().unwrap();
        assert!(credential.expires_at.is_some() && credential.renewal.is_none(), "{credential:?}");
        assert_ne!(source.key(), credential.key.expose());
        assert_eq!((provider.granted("client_credentials"), &source.renewal), (2, &None));
        source.revoke().unwrap();
    }
}

#[test]
fn client_credentials_ask_for_scope_and_resource() {
    let provider = provider("client_secret_basic");
    let wanted = "scopes = ['models']\nresource = 'https://models.example.com'";
    let key = source(&provider, &format!("{MACHINE}\n{wanted}")).key();
    assert_eq!(key.split('.').count(), 3, "{key}");
    let error = source(&provider, &format!("{MACHINE}\nresource = 'no address'"))
        .error(ErrorKind::Misconfigured);
    assert!(error.message().contains("refused the resource"), "{error}");
}

#[test]
fn client_credentials_with_a_wrong_client_secret_are_misconfigured() {
    let provider = provider("client_secret_basic");
    let mut source = source(&provider, MACHINE);
    source.give(SecretInput::Env("OIDC_SECRET".to_owned()), "canary of another");
    let error = source.error(ErrorKind::Misconfigured);
    assert!(error.message().contains("refused the client `helper`"), "{error}");
    let hint = "compare `client_id` and `client_secret` with its registration";
    assert_eq!(error.hint(), Some(&hint.into()));
    assert_eq!(provider.asked("client_credentials"), 1);
}

#[test]
fn client_credentials_with_client_assertion_give_a_key() {
    let provider = provider("client_secret_jwt");
    let toml = "flow = 'client_credentials'\nclient_assertion = { source = 'workload' }";
    let mut source = source(&provider, toml);
    let signed = |secret: &str, number: u8| {
        let claims = json!({
            "iss": CLIENT, "sub": CLIENT, "aud": provider.issuer(), "jti": number.to_string(),
            "exp": seconds() + 60, "iat": seconds(),
        });
        let key = EncodingKey::from_secret(secret.as_bytes());
        encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
    };
    for number in 0..2 {
        // It is resolved at each attempt, for it may be good only once.
        source.give_source("workload", &signed(SECRET, number));
        let key = source.key();
        assert!(!key.is_empty());
    }
    let forged = signed("another secret that is long enough for it", 3);
    source.give_source("workload", &forged);
    let error = source.error(ErrorKind::Misconfigured);
    assert!(error.hint().unwrap().to_string().contains("`client_assertion`"), "{}", error.report());
}

#[test]
fn client_credentials_of_a_public_client_are_misconfigured() {
    // A public one.
    let provider = OidcProvider::new();
    let error = source(&provider, MACHINE).error(ErrorKind::Misconfigured);
    assert!(error.report().contains("`helper`"), "{}", error.report());
    provider.refuse(400, &json!({ "error": "unauthorized_client" }).to_string());
    let error = source(&provider, MACHINE).error(ErrorKind::Misconfigured);
    assert!(
        error.hint().unwrap().to_string().contains("the client credentials grant"),
        "{}",
        error.report()
    );
    // No human would help, whatever the provider says.
    provider.refuse(400, &json!({ "error": "invalid_grant" }).to_string());
    source(&provider, MACHINE).error(ErrorKind::Misconfigured);
}

#[test]
fn client_credentials_have_no_login() {
    let provider = provider("client_secret_basic");
    let mut source = source(&provider, MACHINE);
    assert!(!source.backend().has_login());
    let error = source.login(|_| panic!("it was shown")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(provider.events().is_empty());
}

#[expect(clippy::disallowed_methods, reason = "the provider's clock is the real one")]
fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}
