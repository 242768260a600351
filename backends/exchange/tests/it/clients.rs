//! How the client proves who it is.

use api_key_helper_backend::{ErrorKind, SecretInput};
use integration_tests::servers::TokenEndpoint;
use integration_tests::servers::token_endpoint::Settings;
use integration_tests::source::Source;

use crate::common::{bearer, exchange};

/// With all that a form and a header must encode.
const SECRET: &str = "canary/+&=%:1";

fn endpoint(client_auth: &'static str) -> TokenEndpoint {
    let secret = Some(SECRET.to_owned()).filter(|_| client_auth.starts_with("client_secret"));
    TokenEndpoint::with(&Settings { client_auth, secret, ..Settings::default() })
}

fn with_secret(mut source: Source, secret: &str) -> Source {
    source.give(SecretInput::Env("SECRET".to_owned()), secret);
    source
}

#[test]
fn client_secret_is_sent_by_basic_or_post() {
    for (registered, setting) in
        [("client_secret_basic", ""), ("client_secret_post", "client_auth = 'post'")]
    {
        let endpoint = endpoint(registered);
        let toml = format!("client_secret = {{ env = 'SECRET' }}\n{setting}");
        with_secret(exchange(&endpoint, &toml), SECRET).key();
        let mut wrong = with_secret(exchange(&endpoint, &toml), "canary-wrong");
        let error = wrong.error(ErrorKind::Misconfigured);
        assert!(error.message().contains("refused the client `helper`"), "{error}");
        assert!(error.hint().unwrap().to_string().contains("`client_…`"), "{error:?}");
    }
}

#[test]
fn client_assertion_of_another_source_authenticates_the_client() {
    let endpoint = endpoint("private_key_jwt");
    let mut source = bearer(&endpoint, "client_assertion = { source = 'signer' }");
    let claims = [("issuer", "helper"), ("subject", "helper"), ("audience", endpoint.address())];
    source.give_source("signer", &endpoint.token_with(&claims));
    source.key();
    // The provider takes it once, as it does the token.
    source.give_source("sso", &endpoint.token());
    source.error(ErrorKind::Misconfigured);
}
