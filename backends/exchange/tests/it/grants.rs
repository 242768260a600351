//! Each grant gives a key.

use std::time::{Duration, SystemTime};

use api_key_helper_backend::Credential;
use integration_tests::servers::TokenEndpoint;
use integration_tests::servers::token_endpoint::Settings;
use serde_json::json;

use crate::common::{bearer, exchange, federation};

#[test]
#[expect(clippy::disallowed_methods, reason = "a real endpoint has the real time")]
fn exchange_grants_give_a_key_with_expires_at() {
    let endpoint = TokenEndpoint::with(&Settings { life: 600, ..Settings::default() });
    for mut source in
        [bearer(&endpoint, ""), exchange(&endpoint, ""), federation(&endpoint, ("", ""))]
    {
        // An expiry has whole milliseconds.
        let before = SystemTime::now() - Duration::from_millis(1);
        let Credential { key, expires_at, .. } = source.fetch().unwrap();
        assert!(endpoint.is_active(key.expose()));
        let end = expires_at.expect("an end");
        assert!(end >= before + Duration::from_secs(600), "{end:?}");
        assert!(end <= SystemTime::now() + Duration::from_secs(600), "{end:?}");
    }
}

#[test]
fn jwt_bearer_grant_sends_audience_resource_and_scope() {
    let endpoint = TokenEndpoint::new();
    let mut source = bearer(
        &endpoint,
        "audience = 'https://a.example.com'\nresource = ['https://b', 'https://c']\n\
         scopes = ['models']\nparameters = { requested_token_use = 'on_behalf_of' }",
    );
    source.key();
    assert_eq!(
        endpoint.exchanges()[0].asked,
        json!({
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "client_id": "helper",
            "audience": "https://a.example.com",
            "resource": ["https://b", "https://c"],
            "scope": "models",
            "requested_token_use": "on_behalf_of",
        })
    );
}

#[test]
fn token_exchange_grant_sends_actor_token_and_audience() {
    let endpoint = TokenEndpoint::new();
    let mut source = exchange(
        &endpoint,
        "actor_token = { source = 'robot' }\nactor_token_type = 'jwt'\n\
         requested_token_type = 'access_token'\naudience = ['https://a', 'https://b']",
    );
    source.give_source("robot", &endpoint.token());
    source.key();
    let exchange = &endpoint.exchanges()[0];
    assert!(exchange.acts);
    let kind = |name| format!("urn:ietf:params:oauth:token-type:{name}");
    assert_eq!(
        exchange.asked,
        json!({
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "client_id": "helper",
            "subject_token_type": kind("jwt"),
            "actor_token_type": kind("jwt"),
            "requested_token_type": kind("access_token"),
            "audience": ["https://a", "https://b"],
        })
    );
}

#[test]
fn anthropic_federation_grant_is_sent_as_json() {
    let endpoint = TokenEndpoint::new();
    let service = "service_account_id";
    let workspace = format!("workspace_id = 'wrkspc_1'\n{service}");
    let mut source = federation(&endpoint, (service, &workspace));
    assert!(source.key().starts_with("sk-ant-oat01-"));
    assert_eq!(endpoint.exchanges()[0].asked["workspace_id"], "wrkspc_1");
}

#[test]
fn requested_token_type_jwt_has_no_expires_in() {
    let endpoint = TokenEndpoint::new();
    let mut source = exchange(&endpoint, "requested_token_type = 'jwt'");
    let Credential { key, expires_at, .. } = source.fetch().unwrap();
    assert_eq!((key.expose().split('.').count(), expires_at), (3, None));
}
