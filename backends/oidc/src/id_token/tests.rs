use api_key_helper_core::ErrorKind;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;

fn claims(change: impl FnOnce(&mut Value)) -> Claims {
    let mut claims =
        json!({ "iss": "https://idp.example.com", "sub": "1", "aud": "helper", "exp": 2_000 });
    change(&mut claims);
    serde_json::from_value(claims).unwrap()
}

fn check(claims: &Claims) -> Result<SystemTime, Error> {
    let now = UNIX_EPOCH + Duration::from_secs(1_000);
    claims.check(&Settings::for_tests(), Some("1"), now)
}

#[test]
fn a_token_for_us_is_good_until_its_end() {
    let end = UNIX_EPOCH + Duration::from_secs(2_000);
    for good in [
        claims(|_| ()),
        claims(|c| c["aud"] = json!(["helper"])),
        claims(|c| c["azp"] = json!("helper")),
        claims(|c| {
            c["aud"] = json!(["other", "helper"]);
            c["azp"] = json!("helper");
        }),
    ] {
        assert_eq!(check(&good), Ok(end), "{good:?}");
    }
}

#[test]
fn a_token_for_somebody_else_is_refused() {
    use ErrorKind::{Misconfigured, NeedsLogin, Transient};
    for (bad, kind) in [
        (claims(|c| c["iss"] = json!("https://idp.example.com/")), Misconfigured),
        (claims(|c| c["aud"] = json!("other")), Misconfigured),
        (claims(|c| c["aud"] = json!([])), Misconfigured),
        (claims(|c| c["aud"] = json!(["helper", "other"])), Misconfigured),
        (claims(|c| c["azp"] = json!("other")), Misconfigured),
        (claims(|c| c["sub"] = json!("2")), NeedsLogin),
        (claims(|c| c["exp"] = json!(1_000)), Transient),
        (claims(|c| c["exp"] = json!(-1)), Transient),
        (claims(|c| c["exp"] = json!(1e300)), Transient),
    ] {
        assert_eq!(check(&bad).unwrap_err().kind(), kind, "{bad:?}");
    }
}

#[test]
fn the_name_is_the_one_that_a_human_knows() {
    let account = |change: fn(&mut Value)| claims(change).account().unwrap();
    assert_eq!(account(|_| ()), "1");
    assert_eq!(account(|c| c["name"] = json!("Ada")), "Ada");
    assert_eq!(account(|c| c["email"] = json!("ada@example.com\u{1b}[2J")), "ada@example.com[2J");
}

/// What is public must not be a secret that signs, and no signature is none.
#[test]
fn symmetric_and_missing_signatures_are_refused() {
    let symmetric: Jwk =
        serde_json::from_value(json!({ "kty": "oct", "k": "aHVudGVyMg" })).unwrap();
    let token = |header: &Header| {
        let key = EncodingKey::from_secret(b"hunter2");
        let claims = json!({ "iss": "i", "sub": "1", "aud": "helper", "exp": 2_000 });
        Secret::new(encode(header, &claims, &key).unwrap())
    };
    let signed_by_secret = token(&Header::new(Algorithm::HS256));
    let error = signed(&signed_by_secret, std::slice::from_ref(&symmetric)).unwrap_err();
    assert!(error.message().contains("`HS256`"), "{error}");

    let payload = signed_by_secret.expose().split('.').nth(1).unwrap();
    // {"alg":"none"}
    let unsigned = Secret::new(format!("eyJhbGciOiJub25lIn0.{payload}."));
    assert!(signed(&unsigned, &[symmetric]).is_err());
}
