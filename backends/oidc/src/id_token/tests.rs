use std::time::{Duration, UNIX_EPOCH};

use api_key_helper_backend::ErrorKind;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;

fn claims(change: impl FnOnce(&mut Value)) -> Claims {
    let mut claims =
        json!({ "iss": "https://idp.example.com", "sub": "1", "aud": "helper", "exp": 2_000 });
    change(&mut claims);
    let payload = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    Claims::unchecked(&Secret::new(format!("e30.{payload}.c2ln"))).unwrap()
}

fn check(claims: &Claims) -> Result<SystemTime, Error> {
    let now = UNIX_EPOCH + Duration::from_secs(1_000);
    claims.check(&Settings::for_tests(), Some("1"), now)
}

#[test]
fn id_token_for_our_client_is_valid_until_exp() {
    let end = UNIX_EPOCH + Duration::from_secs(2_000);
    for good in [
        claims(|_| ()),
        claims(|c| c["aud"] = json!(["helper"])),
        claims(|c| c["azp"] = json!("helper")),
        claims(|c| {
            c["aud"] = json!(["other", "helper"]);
            c["azp"] = json!("helper");
        }),
        claims(|c| c["aud"] = json!(["helper", "other"])),
        claims(|c| c["aud"] = json!([{}, null, "helper"])),
        claims(|c| c["azp"] = json!(["helper"])),
        claims(|c| c["sub"] = json!(1)),
        claims(|c| c["exp"] = json!("2000")),
        claims(|c| c["exp"] = json!(2_000.0)),
        claims(|c| c["exp"] = json!("1970-01-01T00:33:20Z")),
        claims(|c| c["email"] = json!(5)),
        claims(|c| c["email"] = json!({ "primary": "a" })),
        claims(|c| c["preferred_username"] = json!(5)),
        claims(|c| c["nonce"] = json!([])),
        claims(|c| c["iat"] = json!("yesterday")),
    ] {
        assert_eq!(check(&good), Ok(end), "{good:?}");
    }
}

#[test]
fn id_token_for_another_client_or_issuer_is_refused() {
    use ErrorKind::{Misconfigured, NeedsLogin, Transient};
    for (bad, kind) in [
        (claims(|c| c["iss"] = json!("https://idp.example.com/")), Misconfigured),
        (claims(|c| c["aud"] = json!("other")), Misconfigured),
        (claims(|c| c["aud"] = json!([])), Misconfigured),
        (claims(|c| c["azp"] = json!("other")), Misconfigured),
        (claims(|c| c["sub"] = json!("2")), NeedsLogin),
        (claims(|c| c["exp"] = json!(1_000)), Transient),
        (claims(|c| c["exp"] = json!(-1)), Transient),
        (claims(|c| c["exp"] = json!(1e300)), Misconfigured),
    ] {
        assert_eq!(check(&bad).unwrap_err().kind(), kind, "{bad:?}");
    }
}

#[test]
fn id_token_required_claim_that_is_invalid_is_named() {
    for name in ["iss", "aud", "sub", "exp"] {
        for odd in [json!(null), json!({}), json!([]), json!(""), json!(true)] {
            let mut wrong = json!({
                "iss": "https://idp.example.com", "sub": "1", "aud": "helper", "exp": 2_000,
            });
            wrong[name] = odd;
            let error = check(&claims(|claims| *claims = wrong.clone())).unwrap_err();
            let says = format!("the ID token has no usable claim `{name}`");
            assert_eq!(
                (error.kind(), error.message()),
                (ErrorKind::Misconfigured, &*says),
                "{wrong}"
            );
        }
    }
}

#[test]
fn id_token_wrong_azp_is_named() {
    let error = check(&claims(|c| c["azp"] = json!("other"))).unwrap_err();
    assert!(error.message().contains("`azp`"), "{error}");
}

#[test]
fn id_token_account_is_email_name_or_sub() {
    let account = |change: fn(&mut Value)| claims(change).account().unwrap();
    assert_eq!(account(|_| ()), "1");
    assert_eq!(account(|c| c["name"] = json!("Ada")), "Ada");
    assert_eq!(account(|c| c["email"] = json!({})), "1");
    assert_eq!(account(|c| c["sub"] = json!(12_345)), "12345");
    assert_eq!(account(|c| c["email"] = json!("ada@example.com\u{1b}[2J")), "ada@example.com");
}

fn keys(set: &Value) -> Vec<PublicKey> {
    PublicKey::all(&Fields::parse(set.to_string().as_bytes()).unwrap()).unwrap()
}

/// A provider's key, what is published of it, and a way to sign by it.
struct Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { key, random }
    }

    /// Both numbers of the public key.
    fn point(&self) -> [Vec<u8>; 2] {
        let point: Vec<u8> = self.key.public_key().as_ref().to_vec();
        [point[1..33].to_vec(), point[33..].to_vec()]
    }

    fn jwk(&self, change: impl FnOnce(&mut Value)) -> Value {
        let [x, y] = self.point().map(|number| BASE64_URL_SAFE_NO_PAD.encode(number));
        let mut jwk =
            json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": "k1", "x": x, "y": y });
        change(&mut jwk);
        jwk
    }

    fn token(&self, header: &Value) -> Secret {
        let [header, payload] = [header.to_string(), json!({ "sub": "1" }).to_string()]
            .map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
        let message = format!("{header}.{payload}");
        let signature = self.key.sign(&self.random, message.as_bytes()).unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
        Secret::new(format!("{message}.{signature}"))
    }
}

#[test]
fn json_web_key_jwk_with_padded_numbers_is_the_same() {
    let signer = Signer::new();
    let token = signer.token(&json!({ "alg": "ES256", "kid": "k1" }));
    let [x, y] = signer.point();
    let zeros = |number: &[u8]| [&[0, 0], number].concat();
    for jwk in [
        signer.jwk(|_| ()),
        signer.jwk(|jwk| jwk["x"] = json!(BASE64_URL_SAFE.encode(&x))),
        signer.jwk(|jwk| jwk["y"] = json!(BASE64_STANDARD.encode(&y))),
        signer.jwk(|jwk| jwk["x"] = json!(BASE64_URL_SAFE_NO_PAD.encode(zeros(&x)))),
        signer.jwk(|jwk| jwk["kid"] = json!(null)),
        signer.jwk(|jwk| jwk["use"] = json!(7)),
        signer.jwk(|jwk| jwk["alg"] = json!({})),
        signer.jwk(|jwk| jwk["key_ops"] = json!("verify")),
        signer.jwk(|jwk| jwk["x5c"] = json!(null)),
    ] {
        assert!(signed(&token, &keys(&json!({ "keys": [jwk] }))).is_ok(), "{jwk}");
    }
    for other in [
        signer.jwk(|jwk| jwk["kid"] = json!("k2")),
        signer.jwk(|jwk| jwk["use"] = json!("enc")),
        signer.jwk(|jwk| jwk["y"] = jwk["x"].clone()),
        Signer::new().jwk(|_| ()),
    ] {
        let error = signed(&token, &keys(&json!({ "keys": [other] }))).unwrap_err();
        assert!(error.message().contains("not signed by any key"), "{error}");
    }
}

#[test]
fn id_token_in_another_encoding_is_refused() {
    let signer = Signer::new();
    let keys = keys(&json!({ "keys": [signer.jwk(|_| ())] }));
    let good = signer.token(&json!({ "alg": "ES256", "kid": "k1" }));
    assert!(signed(&good, &keys).is_ok());
    let sign = |header: &str, payload: &str| {
        let message = format!("{header}.{payload}");
        let signature = signer.key.sign(&signer.random, message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    };
    let (header, payload) = (r#"{"alg":"ES256" }"#, r#"{"sub":"1?>"}"#);
    let plain = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    assert!(signed(&Secret::new(sign(&plain(header), &plain(payload))), &keys).is_ok());
    for odd in [
        format!("{}==", good.expose()),
        format!("{}=", good.expose()),
        format!("{}\n", good.expose()),
        sign(&BASE64_URL_SAFE.encode(header), &plain(payload)),
        sign(&plain(header), &BASE64_URL_SAFE.encode(payload)),
        sign(&plain(header), &BASE64_STANDARD.encode(payload)),
    ] {
        let error = signed(&Secret::from(&*odd), &keys).unwrap_err();
        assert!(error.message().ends_with("cannot be read"), "{odd}: {error}");
        assert!(error.hint().is_some(), "{odd}");
    }
}

#[test]
fn id_token_with_a_critical_extension_is_refused() {
    let signer = Signer::new();
    let keys = keys(&json!({ "keys": [signer.jwk(|_| ())] }));
    for crit in [json!(["b64"]), json!([]), json!("exp")] {
        let token = signer.token(&json!({ "alg": "ES256", "kid": "k1", "crit": crit }));
        let error = signed(&token, &keys).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.message().contains("`crit`"), "{error}");
    }
}

#[test]
fn json_web_key_set_jwks_with_an_odd_key_uses_the_others() {
    let signer = Signer::new();
    let token = signer.token(&json!({ "alg": "ES256", "kid": 7, "typ": [], "x5c": 1 }));
    let good = signer.jwk(|jwk| jwk["kid"] = json!(7));
    for odd in [
        json!(null),
        json!("a key"),
        json!({}),
        json!({ "kty": 5 }),
        json!({ "kty": "oct", "k": "aHVudGVyMg" }),
        json!({ "kty": "LMS", "kid": "7" }),
        json!({ "kty": "RSA", "kid": 7, "n": 5, "e": "AQAB" }),
        json!({ "kty": "RSA", "kid": 7, "n": "AQAB", "e": "AQAB" }),
        json!({ "kty": "EC", "crv": "P-521", "kid": 7, "x": "AA", "y": "AA" }),
        json!({ "kty": "EC", "crv": "P-256", "kid": 7, "x": "", "y": "****" }),
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": 7, "x": "AA" }),
        signer.jwk(|jwk| {
            jwk["kid"] = json!(7);
            jwk["x"] = json!(BASE64_STANDARD.encode([1; 40]));
        }),
    ] {
        let set = json!({ "keys": [odd, good] });
        assert!(signed(&token, &keys(&set)).is_ok(), "{set}");
        assert!(signed(&token, &keys(&json!({ "keys": [odd] }))).is_err(), "{set}");
    }
}

/// What is public must not be a secret that signs, and no signature is none.
#[test]
fn id_token_with_symmetric_or_missing_signature_is_refused() {
    let symmetric = keys(&json!({ "keys": [{ "kty": "oct", "k": "aHVudGVyMg" }] }));
    let token = |header: &Header| {
        let key = EncodingKey::from_secret(b"hunter2");
        let claims = json!({ "iss": "i", "sub": "1", "aud": "helper", "exp": 2_000 });
        Secret::new(encode(header, &claims, &key).unwrap())
    };
    let signed_by_secret = token(&Header::new(Algorithm::HS256));
    let error = signed(&signed_by_secret, &symmetric).unwrap_err();
    assert!(error.message().contains("`HS256`, which everyone"), "{error}");

    let payload = signed_by_secret.expose().split('.').nth(1).unwrap();
    // {"alg":"none"}
    let unsigned = Secret::new(format!("eyJhbGciOiJub25lIn0.{payload}."));
    let error = signed(&unsigned, &symmetric).unwrap_err();
    assert!(error.message().ends_with("signed by `none`, which is not supported"), "{error}");
}
