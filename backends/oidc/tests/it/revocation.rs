//! The end of a sign-in, also of one that other settings brought.

use api_key_helper_backend::{ErrorKind, Secret};
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{OidcProvider, Stub};
use serde_json::json;

use crate::common::Source;

/// A server that takes every revocation.
fn server() -> Stub {
    Stub::start(|_| Reply::new(200, &[], ""))
}

/// The endpoints of a server, without an issuer.
fn by_hand(server: &Stub) -> String {
    let at = server.address();
    format!(
        "device_authorization_endpoint = '{at}/device'\ntoken_endpoint = '{at}/token'\n\
         revocation_endpoint = '{at}/revoke'\nclient_secret = {{ env = 'OIDC_SECRET' }}"
    )
}

/// What a sign-in at `server` leaves; `holder` is whose it is.
fn renewal(server: &Stub, holder: &str) -> Secret {
    let at = server.address();
    Secret::new(format!(
        r#"{{"version":1,{holder}"standing":{{"alive":{{"refresh_token":"canary-rt-1",
            "expires_at":null,"answer_lost":false}}}},"account":null,"subject":null,"scopes":[],
            "endpoints":{{"token":"{at}/token","revocation":"{at}/revoke"}}}}"#
    ))
}

const HELPER: &str = r#""holder":{"client_id":"helper","issuer":null},"#;

#[test]
fn logout_with_another_token_endpoint_by_hand_revokes_where_the_sign_in_was_granted() {
    for holder in [HELPER, ""] {
        let (first, second) = (server(), server());
        let mut source = Source::new(&by_hand(&second));
        source.renewal = Some(renewal(&first, holder));
        source.revoke().unwrap();
        assert_eq!(second.requests().len(), 0, "{holder}");
        let revoked = &first.requests()[0];
        assert!(revoked.body().contains("token=canary-rt-1"), "{}", revoked.text);
        // The secret of the present settings is none of its business.
        assert!(revoked.header("authorization").is_none(), "{}", revoked.text);
    }
}

#[test]
fn logout_with_the_same_endpoints_by_hand_proves_the_client() {
    let server = server();
    let mut source = Source::new(&by_hand(&server));
    source.renewal = Some(renewal(&server, HELPER));
    source.revoke().unwrap();
    assert!(server.requests()[0].header("authorization").is_some());
}

#[test]
fn refused_revocation_names_the_client_that_was_signed_in() {
    let server = Stub::start(|_| Reply::json(401, &json!({ "error": "invalid_client" })));
    let mut source = Source::new(&by_hand(&server));
    source.renewal = Some(renewal(&server, r#""holder":{"client_id":"old","issuer":null},"#));
    let error = source.revoke().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.message().contains("of the client `old`: `invalid_client`"), "{error}");
    assert_eq!(error.hint(), None, "`logout` names the place where to revoke it");
}

#[test]
fn logout_revokes_the_tokens_of_the_sign_in() {
    let provider = OidcProvider::new();
    let mut source = Source::of(&provider, "");
    source.revoke().unwrap();
    assert!(provider.events().is_empty());
    let key = source.login(|code| provider.approve(code)).unwrap().key;
    assert!(provider.is_active(key.expose()) && provider.is_active(&source.refresh_token()));
    source.revoke().unwrap();
    assert!(!provider.is_active(key.expose()) && !provider.is_active(&source.refresh_token()));
}
