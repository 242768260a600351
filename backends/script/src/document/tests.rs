use std::time::Duration;

use super::*;

const NOW: u64 = 1_900_000_000;

/// The key, and how many seconds after [`NOW`] it ends.
fn any(text: &str) -> Result<(String, Option<f64>), Unreadable> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    shown(read_any(text, now), now)
}

fn own(text: &str) -> Result<(String, Option<f64>), Unreadable> {
    shown(read_own(text), SystemTime::UNIX_EPOCH + Duration::from_secs(NOW))
}

fn shown(
    credential: Result<Credential, Unreadable>,
    now: SystemTime,
) -> Result<(String, Option<f64>), Unreadable> {
    let credential = credential?;
    assert_eq!((credential.refresh_at, credential.renewal), (None, None));
    let life = credential.expires_at.map(|end| match end.duration_since(now) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    });
    Ok((credential.key.expose().to_owned(), life))
}

fn k(life: impl Into<Option<f64>>) -> Result<(String, Option<f64>), Unreadable> {
    Ok(("k".to_owned(), life.into()))
}

#[test]
fn script_json_with_key_and_expires_at_is_read() {
    for read in [any, own] {
        assert_eq!(read(r#"{"key": "k"}"#), k(None));
        assert_eq!(read(r#"{"key": "k\r\n", "expires_at": null, "x": [{}]}"#), k(None));
        assert_eq!(read(r#"{"key": "k", "expires_at": 1900000060}"#), k(60.0));
        assert_eq!(read(r#"{"key": "k", "expires_at": 1900000060.5}"#), k(60.5));
        assert_eq!(read(r#"{"key": "k", "expires_at": "1900000060"}"#), k(60.0));
        assert_eq!(read(r#"{"key": "k", "expires_at": "2030-03-17T17:47:40Z"}"#), k(60.0));
        assert_eq!(read(r#"{"key": "k", "expires_at": "2030-03-17T19:47:40.25+02:00"}"#), k(60.25));
        for (seconds, written) in [
            (60.0, "1900000060000"),
            (60.0, "\"2030-03-17T17:47:40\""),
            (60.0, "\"2030-03-17 17:47:40 UTC\""),
            (60.0, "\"Sun, 17 Mar 2030 17:47:40 GMT\""),
            (-1.9e9, "0"),
        ] {
            let text = format!(r#"{{"key": "k", "expires_at": {written}}}"#);
            assert_eq!(read(&text), k(seconds), "{written}");
        }
        for wrong in ["\"\"", "\"soon\"", "true", "{}", "[1900000060]", "1e300"] {
            let text = format!(r#"{{"key": "k", "expires_at": {wrong}}}"#);
            assert_eq!(read(&text), Err(Unreadable::NoTime { field: "expires_at" }), "{wrong}");
        }
        assert_eq!(read("{\"key\":\n\"k\"}\n"), k(None));
    }
}

#[test]
fn script_oauth_token_response_is_read() {
    let response = r#"{"access_token": "k", "token_type": "Bearer", "expires_in": 3600,
        "refresh_token": "r", "scope": "a b", "id_token": "i"}"#;
    assert_eq!(any(response), k(3600.0));
    assert_eq!(any(r#"{"access_token": "k", "expires_in": "3599"}"#), k(3599.0));
    assert_eq!(any(r#"{"access_token": "k"}"#), k(None));
    assert_eq!(any(r#"{"access_token": "k", "expires_in": null}"#), k(None));
    assert_eq!(any(r#"{"access_token": "k", "expires_in": -1}"#), k(-1.9e9));
    let year_9999 = 253_402_300_799.0 - 1.9e9;
    assert_eq!(any(r#"{"access_token": "k", "expires_in": 1e300}"#), k(year_9999));
    for wrong in ["\"\"", "\"2030-03-17T17:47:40Z\"", "\"soon\""] {
        let text = format!(r#"{{"access_token": "k", "expires_in": {wrong}}}"#);
        assert_eq!(any(&text), Err(Unreadable::NoTime { field: "expires_in" }), "{wrong}");
    }
    for decided in ["\"expires_in\": 60, \"expires_at\": \"soon\"", "\"expires_at\": 1900000060"] {
        assert_eq!(any(&format!(r#"{{"access_token": "k", {decided}}}"#)), k(60.0), "{decided}");
    }
    let refused = r#"{"error": "invalid_grant", "error_description": "too\u001b[31m old\n"}"#;
    assert_eq!(any(refused), Err(Unreadable::Failed { reason: "invalid_grant: too old".into() }));
    let refused = r#"{"error": {"type": "overloaded", "details": [1]}}"#;
    assert_eq!(any(refused), Err(Unreadable::Failed { reason: "it does not say why".into() }));
}

#[test]
fn script_exec_credential_is_read() {
    let credential = r#"{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": {"token": "k", "expirationTimestamp": "2030-03-17T17:47:40Z"}}"#;
    assert_eq!(any(credential), k(60.0));
    assert_eq!(any(r#"{"status": {"token": "k"}}"#), k(None));
    let certificate = r#"{"status": {"clientCertificateData": "c"}}"#;
    assert_eq!(any(certificate), Err(Unreadable::NoField { wanted: "status.token" }));
}

#[test]
fn script_google_executable_response_is_read() {
    let response = r#"{"version": 1, "success": true, "token_type":
        "urn:ietf:params:oauth:token-type:id_token", "id_token": "k", "expiration_time": 1900000060}"#;
    assert_eq!(any(response), k(60.0));
    assert_eq!(any(r#"{"id_token": "k"}"#), k(None));
    let saml = r#"{"success": true, "saml_response": "s"}"#;
    assert_eq!(any(saml), Err(Unreadable::NoField { wanted: "id_token" }));
    let failure = r#"{"version": 1, "success": false, "code": 401, "message": "not you"}"#;
    assert_eq!(any(failure), Err(Unreadable::Failed { reason: "401: not you".into() }));
}

#[test]
fn script_json_odd_unused_fields_are_ignored() {
    for odd in ["null", "7", "{}", "[[1]]", "\"odd\"", "true"] {
        for text in [
            format!(
                r#"{{"key": "k", "key": "k", "status": {odd}, "error": {odd}, "success": {odd}}}"#
            ),
            format!(
                r#"{{"access_token": "k", "status": {odd}, "scope": {odd}, "id_token": {odd}}}"#
            ),
            format!(r#"{{"id_token": "k", "success": {odd}, "code": {odd}, "version": {odd}}}"#),
            format!(r#"{{"status": {{"token": "k", "x": {odd}, "x": {odd}}}, "kind": {odd}}}"#),
        ] {
            assert_eq!(any(&text), k(None), "{text}");
        }
    }
    assert_eq!(any("\u{feff}{\"key\": \"k\"}"), k(None));
}

#[test]
fn script_json_required_field_that_is_no_text_is_named() {
    for odd in ["7", "{}", "[\"k\"]", "true"] {
        for (text, field) in [
            (format!(r#"{{"key": {odd}}}"#), "key"),
            (format!(r#"{{"access_token": {odd}}}"#), "access_token"),
            (format!(r#"{{"id_token": {odd}}}"#), "id_token"),
            (format!(r#"{{"status": {{"token": {odd}}}}}"#), "status.token"),
        ] {
            assert_eq!(any(&text), Err(Unreadable::WrongType { field }), "{text}");
        }
    }
}

#[test]
fn script_json_missing_and_empty_fields_differ() {
    assert_eq!(
        any(r#"{"token": "k"}"#),
        Err(Unreadable::NoField { wanted: "key`, `access_token`, `status.token` or `id_token" })
    );
    assert_eq!(own(r#"{"access_token": "k"}"#), Err(Unreadable::NoField { wanted: "key" }));
    for read in [any, own] {
        assert_eq!(read(r#"{"key": null}"#), Err(Unreadable::Placeholder("null")));
        assert_eq!(read(r#"{"key": ""}"#), Err(Unreadable::Empty));
    }
}

#[test]
fn script_json_errors_quote_nothing() {
    for text in [
        r#"{"key": "sk-canary"#,
        r#"{"key": "sk-canary"} {}"#,
        r#"{"key": ["sk-canary"]}"#,
        r#"{"key": "k", "expires_at": {"sk-canary": 1}}"#,
        r#"{"key": "k", "expires_at": "sk-canary"}"#,
        r#"{"key": "sk-canary sk-canary"}"#,
        r#"{"sk-canary": "sk-canary"}"#,
        r#"["sk-canary"]"#,
        "sk-canary",
    ] {
        for read in [any, own] {
            let error = read(text).unwrap_err();
            let words = format!("{error} {error:?} {}", error.hint("run `/x`"));
            assert!(!words.contains("canary"), "{words}");
        }
    }
    assert_eq!(any("{\"key\":\n 5}"), Err(Unreadable::WrongType { field: "key" }));
    assert_eq!(any("{\"key\" 5}"), Err(Unreadable::NoJson { line: 1, column: 8 }));
}
