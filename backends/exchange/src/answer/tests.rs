use std::time::{Duration, UNIX_EPOCH};

use api_key_helper_backend::Secret;
use zeroize::Zeroizing;

use super::*;

const FORM: &str = "token = { source = 'sso' }\ntoken_endpoint = 'https://sts.example.com/t'\n";
const FEDERATION: &str = "grant = 'anthropic'\ntoken = { source = 'sso' }\n\
     federation_rule_id = 'fdrl_1'\norganization_id = 'o'\nservice_account_id = 'svac_1'\n";

fn error(toml: &str, status: u16, body: &str) -> Error {
    challenged(toml, status, body, None)
}

fn challenged(toml: &str, status: u16, body: &str, challenge: Option<&str>) -> Error {
    let settings = Settings::for_tests(toml, &[]).unwrap();
    let answer = Answer(oauth::Answer {
        status,
        body: Zeroizing::new(body.as_bytes().to_vec()),
        retry_after: Some(Duration::from_secs(7)),
        challenge: challenge.map(str::to_owned),
        from: settings.endpoint.clone(),
        hidden: vec![Secret::from("hunter2")],
    });
    answer.error(&settings, "")
}

#[test]
fn token_endpoint_errors_have_their_error_kind() {
    use ErrorKind::{Denied, Misconfigured, NeedsLogin, NotFound, Transient};
    let bearer = format!("{FORM}grant = 'jwt-bearer'");
    let exchange = format!("{FORM}grant = 'token-exchange'");
    let nested = |kind: &str| format!(r#"{{"type":"error","error":{{"type":"{kind}"}}}}"#);
    for (toml, status, body, kind) in [
        (&*bearer, 400, r#"{"error":"invalid_grant"}"#, Denied),
        (&bearer, 400, r#"{"error":"invalid_request"}"#, Misconfigured),
        (&bearer, 401, r#"{"error":"invalid_client"}"#, Misconfigured),
        (&bearer, 400, r#"{"error":"unauthorized_client"}"#, Misconfigured),
        (&bearer, 400, r#"{"error":"invalid_scope"}"#, Misconfigured),
        (&bearer, 400, r#"{"error":"interaction_required"}"#, NeedsLogin),
        (&bearer, 403, r#"{"error":"access_denied"}"#, Denied),
        (&exchange, 400, r#"{"error":"invalid_request"}"#, Denied),
        (&exchange, 400, r#"{"error":"invalid_token"}"#, Denied),
        (&exchange, 400, r#"{"error":"invalid_target"}"#, Misconfigured),
        (&exchange, 400, r#"{"error":"unsupported_grant_type"}"#, Misconfigured),
        (&exchange, 400, r#"{"error":"temporarily_unavailable"}"#, Transient),
        (FEDERATION, 401, &nested("authentication_error"), Denied),
        (FEDERATION, 403, &nested("permission_error"), Denied),
        (FEDERATION, 404, &nested("not_found_error"), NotFound),
        (FEDERATION, 400, &nested("invalid_request_error"), Misconfigured),
        (FEDERATION, 429, &nested("rate_limit_error"), Transient),
        (FEDERATION, 529, &nested("overloaded_error"), Transient),
        (FEDERATION, 403, "<html>Forbidden</html>", Transient),
        (FEDERATION, 404, "", Transient),
        (FEDERATION, 502, "<html>Bad Gateway</html>", Transient),
        (FEDERATION, 200, "<html>Sign in to the wireless network</html>", Transient),
    ] {
        let error = error(toml, status, body);
        assert_eq!(error.kind(), kind, "{status} {body}");
        assert!(error.hint().is_some(), "{error:?}");
        assert!(error.report().chars().count() < api_key_helper_backend::SHOWN_LENGTH);
    }
}

#[test]
fn token_endpoint_401_challenge_blames_the_client() {
    let toml = format!("{FORM}grant = 'jwt-bearer'\nclient_id = 'c'");
    let error = challenged(&toml, 401, "", Some("Basic realm=\"oauth\""));
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.message().contains("refused the client `c`: 401"), "{error}");
}

#[test]
fn login_required_has_the_hint_to_sign_in_at_the_source() {
    let toml = format!("{FORM}grant = 'jwt-bearer'");
    let error = error(&toml, 400, r#"{"error":"login_required"}"#);
    assert_eq!(error.hint().unwrap().to_string(), "run `api-key-helper login --source sso`");
}

#[test]
fn token_endpoint_503_retry_after_is_in_the_error() {
    let wait = error(FEDERATION, 503, "").retry_after();
    assert_eq!(wait, Some(Duration::from_secs(7)));
}

#[test]
fn token_endpoint_error_description_is_redacted() {
    let body = r#"{"error":"invalid_grant","error_description":"bad token hunter2"}"#;
    let error = error(FEDERATION, 400, body);
    assert!(error.message().ends_with("bad token [redacted] (`invalid_grant`)"), "{error}");
}

fn credential(rest: &str) -> Result<Credential, Error> {
    read(&format!(r#"{{"access_token":"at-1"{rest}}}"#))
}

fn read(body: &str) -> Result<Credential, Error> {
    read_for("token-exchange", body)
}

fn read_for(grant: &str, body: &str) -> Result<Credential, Error> {
    let settings = Settings::for_tests(
        &format!("grant = '{grant}'\ntoken = {{ env = 'T' }}\ntoken_endpoint = 'https://i/t'"),
        &[],
    )?;
    let answer = Answer(oauth::Answer {
        status: 200,
        body: Zeroizing::new(body.as_bytes().to_vec()),
        retry_after: None,
        challenge: None,
        from: settings.endpoint.clone(),
        hidden: Vec::new(),
    });
    answer.credential(&settings, UNIX_EPOCH, "")
}

#[test]
fn token_endpoint_expires_in_becomes_expires_at() {
    let end = |rest| credential(rest).unwrap().expires_at;
    assert_eq!(end(r#","expires_in":60"#), UNIX_EPOCH.checked_add(Duration::from_secs(60)));
    assert_eq!(end(""), None);
    assert!(end(r#","expires_in":1e300"#) > UNIX_EPOCH.checked_add(Duration::from_secs(60)));
    let error = credential(r#","expires_in":"soon""#).unwrap_err();
    assert!(error.message().contains("`expires_in`"), "{error}");
}

#[test]
fn token_type_that_is_no_bearer_token_is_refused() {
    for good in [
        "",
        r#","token_type":"bearer""#,
        r#","token_type":"N_A","issued_token_type":"urn:ietf:params:oauth:token-type:saml2""#,
        r#","token_type":"BearerToken""#,
        r#","token_type":"""#,
        r#","token_type":"Bearer ""#,
        r#","token_type":"urn:ietf:params:oauth:token-type:jwt""#,
        r#","token_type":null,"issued_token_type":null"#,
        r#","token_type":7,"issued_token_type":["a"]"#,
    ] {
        assert_eq!(credential(good).unwrap().key.expose(), "at-1", "{good}");
    }
    for (bad, says) in [
        (r#","token_type":"DPoP""#, "returned a `DPoP` token"),
        (r#","token_type":"pop""#, "returned a `PoP` token"),
        (
            r#","issued_token_type":"urn:ietf:params:oauth:token-type:refresh_token""#,
            "refresh token",
        ),
    ] {
        let error = credential(bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.message().contains(says), "{error}");
    }
}

#[test]
fn token_endpoint_odd_optional_fields_are_ignored() {
    for odd in ["null", "{}", "[]", "\"x\"", "true", "7"] {
        let rest = format!(
            ",\"scope\":{odd},\"scope\":{odd},\"refresh_token\":{odd},\"id_token\":{odd},\"error\":null"
        );
        assert_eq!(credential(&rest).unwrap().key.expose(), "at-1", "{odd}");
    }
    assert_eq!(read("\u{feff}{\"access_token\":\"at-1\"}").unwrap().key.expose(), "at-1");
}

#[test]
fn access_token_that_is_no_key_has_the_hint_of_its_grant() {
    let exchange = "ask for another kind of token: see `requested_token_type`";
    let bearer = "ask the server's operator for a token that can be sent as it is";
    for (grant, other) in [("token-exchange", exchange), ("jwt-bearer", bearer)] {
        for (token, hint) in [
            ("null", "check the program that writes it: it had no key"),
            ("'at-1'", "write the key without quotes"),
            ("at 1", other),
        ] {
            let body = format!(r#"{{"access_token":"{token}"}}"#);
            let error = read_for(grant, &body).unwrap_err();
            assert_eq!(error.hint(), Some(&hint.into()), "{grant}: {token}");
        }
    }
}

#[test]
fn unusable_access_token_is_named() {
    for odd in ["null", "\"\"", "7", "{}", "[\"at\"]"] {
        let error = read(&format!("{{\"access_token\":{odd}}}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transient);
        assert!(error.message().ends_with("answered 200 without a usable `access_token`"));
    }
}
