//! An ID token as the key.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use api_key_helper_backend::testing::Log;
use api_key_helper_backend::{Error, ErrorKind};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{OidcProvider, Stub};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::common::Source;

fn new_key() -> EncodingKey {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EncodingKey::from_ec_der(key.as_ref())
}

fn id_token(key: &EncodingKey, claims: &Value) -> String {
    encode(&Header::new(Algorithm::ES256), claims, key).unwrap()
}

/// A provider that signs in at once. `change` makes of the claims that it should give those that it
/// gives when it renews.
fn provider(sign_with: EncodingKey, change: fn(&mut Value), log: Log) -> Stub {
    let published = new_key();
    let keys = json!({ "keys": [
        { "kty": "of a kind that nobody knows" },
        Jwk::from_encoding_key(&published, Algorithm::ES256).unwrap(),
    ] });
    let refreshes = Arc::new(Mutex::new(0));
    Stub::start(move |request| {
        log.add(&request.line);
        let address = request.address();
        let url = |path: &str| format!("{address}{path}");
        match request.line.as_str() {
            "POST /device" => Reply::json(
                200,
                &json!({
                    "device_code": "d", "user_code": "u", "expires_in": 60, "interval": 1,
                    "verification_uri": url("/page"),
                }),
            ),
            "POST /token" => {
                let mut claims = json!({
                    "iss": address, "sub": "ada", "aud": "helper", "exp": 4_000_000_000_u64,
                });
                let mut count = refreshes.lock().unwrap();
                let is_refresh = request.body().contains("grant_type=refresh_token");
                *count += u32::from(is_refresh);
                let key = if is_refresh {
                    change(&mut claims);
                    if claims["forged"] == true { &sign_with } else { &published }
                } else {
                    &published
                };
                let answer = json!({
                    "access_token": "at", "token_type": "Bearer", "expires_in": 60,
                    "id_token": id_token(key, &claims), "refresh_token": format!("rt-{count}"),
                });
                Reply::json(200, &answer)
            }
            "GET /jwks" => Reply::json(200, &keys),
            _ => Reply::json(
                200,
                &json!({
                    "issuer": address, "token_endpoint": url("/token"), "jwks_uri": url("/jwks"),
                    "device_authorization_endpoint": url("/device"),
                }),
            ),
        }
    })
}

/// A source of [`provider`], whose requests are in the source's log.
fn signed_in(sign_with: EncodingKey, change: fn(&mut Value)) -> Source {
    let log = Log::default();
    let stub = provider(sign_with, change, log.clone());
    let mut source = Source::new(&format!("issuer = '{}'\nkey = 'id_token'", stub.address()));
    source.log = log;
    source.login(|_| ()).unwrap();
    source
}

fn refused(kind: ErrorKind, change: fn(&mut Value)) -> Error {
    let mut source = signed_in(new_key(), change);
    let error = source.error(kind);
    // What came with it is kept all the same.
    assert_eq!(source.refresh_token(), "rt-1");
    error
}

#[test]
fn id_token_signature_of_a_real_provider_is_valid() {
    let provider = OidcProvider::new();
    let mut source = Source::of(&provider, "key = 'id_token'");
    let login = source.login(|code| provider.approve(code)).unwrap();
    assert_eq!(login.key.expose().split('.').count(), 3);
    let renewed = source.fetch().unwrap();
    assert!(renewed.expires_at.unwrap() >= login.expires_at.unwrap());
    assert_eq!(provider.granted("refresh_token"), 1);
}

#[test]
fn rotated_refresh_token_is_saved_before_the_id_token_is_checked() {
    let mut source = signed_in(new_key(), |_| ());
    source.log.clear();
    let credential = source.fetch().unwrap();
    let expected = ["reserve_space", "POST /token", "store_renewal", "GET /jwks"];
    assert_eq!(source.log.events(), expected);
    let end = UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    assert_eq!(credential.expires_at, Some(end));
}

#[test]
fn id_token_with_a_wrong_signature_is_refused() {
    let error = refused(ErrorKind::Transient, |claims| claims["forged"] = json!(true));
    assert!(error.message().contains("not signed by any key"), "{error}");
}

#[test]
fn id_token_with_a_wrong_audience_is_refused() {
    let error = refused(ErrorKind::Misconfigured, |claims| claims["aud"] = json!("other"));
    assert_eq!(error.message(), "the ID token is for another client");
}

#[test]
fn id_token_with_a_wrong_issuer_is_refused() {
    let error = refused(ErrorKind::Misconfigured, |claims| claims["iss"] = json!("https://evil"));
    assert_eq!(error.message(), "the ID token is from another issuer");
}

/// A change of valid claims.
type Change = fn(&mut Value);

#[test]
fn id_token_with_odd_claims_is_accepted() {
    let odd: [Change; 6] = [
        |claims| claims["email"] = json!(5),
        |claims| claims["preferred_username"] = json!(5),
        |claims| claims["exp"] = json!("4000000000"),
        |claims| claims["aud"] = json!(["other", "helper"]),
        |claims| claims["nonce"] = json!({}),
        |claims| claims["iat"] = json!("yesterday"),
    ];
    for change in odd {
        let mut source = signed_in(new_key(), change);
        let end = UNIX_EPOCH + Duration::from_secs(4_000_000_000);
        assert_eq!(source.fetch().unwrap().expires_at, Some(end));
    }
}

#[test]
fn id_token_claim_that_is_missing_or_wrong_is_named() {
    let wrong: [(Change, &str); 4] = [
        (|claims| claims["exp"] = json!(null), "`exp`"),
        (|claims| claims["azp"] = json!("other"), "`azp`"),
        (|claims| claims["aud"] = json!({}), "`aud`"),
        (|claims| claims["sub"] = json!(null), "`sub`"),
    ];
    for (change, claim) in wrong {
        let error = refused(ErrorKind::Misconfigured, change);
        assert!(error.message().contains(claim), "{error}");
    }
}

#[test]
fn id_token_that_has_expired_is_refused() {
    let error = refused(ErrorKind::Transient, |claims| claims["exp"] = json!(1_000_000_000));
    assert_eq!(error.message(), "the ID token has already ended");
}

#[test]
fn id_token_of_another_user_is_refused() {
    let error = refused(ErrorKind::NeedsLogin, |claims| claims["sub"] = json!("eve"));
    assert_eq!(error.message(), "the ID token is about another user than signed in");
}
