//! Expiries in every notation of programs and issuers.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use integration_tests::call::Answer;
use integration_tests::home::Home;
use serde_json::Value;

const AWS: [&str; 2] = ["format = \"credential-process\"\nretries = 0", "output = \"document\""];

fn printing(profile: &str, source: &str, text: &str) -> Home {
    Home::with_settings(profile, source, &format!("cat <<'END'\n{text}\nEND"))
}

fn aws_keys(expiration: &str) -> Home {
    let [profile, source] = AWS;
    let keys = r#""AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t""#;
    printing(profile, source, &format!("{{{keys},\"Expiration\":{expiration}}}"))
}

/// Returns the result of a helper whose source prints `text`.
fn printed(text: &str) -> Answer {
    printing("retries = 0", "", text).helper().run()
}

fn jwt(payload: &str, base64: &impl base64::Engine) -> String {
    format!("e30.{}.c2ln", base64.encode(payload))
}

#[test]
fn aws_keys_past_their_expiration_are_not_printed() {
    for past in [
        "\"2001-09-09T01:46:40UTC\"",
        "\"2001-09-09T01:46:40\"",
        "\"2001-09-09 01:46:40 GMT\"",
        "\"2001-09-09t03:46:40.5+0200\"",
        "\"Sun, 09 Sep 2001 01:46:40 GMT\"",
        "1000000000",
        "\"1000000000000\"",
    ] {
        let answer = aws_keys(past).helper().run();
        answer.assert_error(1, &["has already ended, at 2001-09-09T01:46:40Z", "clock"]);
    }
}

#[test]
fn aws_keys_are_printed_with_the_expiration_that_came_in() {
    for future in [
        "\"2099-12-31T23:59:59UTC\"",
        "\"2099-12-31T23:59:59\"",
        "\"2099-12-31 23:59:59 +0000 UTC\"",
        "\"2099-12-31T23:59:59.999Z\"",
        "4102444799",
        "4102444799000",
    ] {
        let home = aws_keys(future);
        for _ in 0..2 {
            let answer = home.helper().run();
            let keys: Value = serde_json::from_str(answer.assert_printed()).unwrap();
            assert_eq!(keys["Expiration"], "2099-12-31T23:59:59Z", "{future}");
        }
        assert_eq!(home.runs("main"), 1);
    }
}

#[test]
fn aws_keys_with_an_invalid_expiration_exit_2() {
    for unreadable in ["\"soon\"", "\"\"", "\"01/31/2099\"", "true", "{}"] {
        let answer = aws_keys(unreadable).helper().run();
        let words = ["gave a key whose `Expiration` is not a time", "`2030-01-31T12:00:00Z`"];
        answer.assert_error(2, &words);
    }
}

#[test]
fn aws_keys_with_session_token_and_security_token_are_printed() {
    for (tokens, expected) in [
        (r#""security_token":"T","session_token":"T""#, "T"),
        (r#""session_token":"T","security_token":"other""#, "T"),
        (r#""security_token":"T","session_token":null"#, "T"),
        (r#""SessionToken":"T","session_token":"other""#, "T"),
    ] {
        let [profile, source] = AWS;
        let text = format!(r#"{{"access_key":"A","secret_key":"s",{tokens}}}"#);
        let answer = printing(profile, source, &text).call(["get", "--refresh"]).run();
        let keys: Value = serde_json::from_str(answer.assert_printed()).unwrap();
        assert_eq!(keys["SessionToken"], expected, "{tokens}");
    }
}

#[test]
fn jwt_past_its_exp_is_not_printed() {
    for payload in [
        r#"{"exp":1000000000,"ab":1}"#,
        r#"{"exp":"1000000000"}"#,
        r#"{"exp":1000000000.25,"a":12}"#,
        r#"{"exp":1000000000000,"name":"???>>>"}"#,
        r#"{"exp":"2001-09-09T01:46:40Z"}"#,
    ] {
        let ended = ["has already ended, at 2001-09-09T01:46:40Z"];
        printed(&jwt(payload, &BASE64_URL_SAFE_NO_PAD)).assert_error(1, &ended);
        printed(&jwt(payload, &BASE64_URL_SAFE)).assert_error(1, &ended);
        printed(&jwt(payload, &BASE64_STANDARD)).assert_error(1, &ended);
    }
}

#[test]
fn jwt_with_an_invalid_exp_exits_2() {
    for exp in ["\"soon\"", "[4102444799]", "1e300"] {
        let payload = format!("{{\"exp\":{exp}}}");
        let words = ["gave a key whose `exp` is not a time"];
        printed(&jwt(&payload, &BASE64_URL_SAFE_NO_PAD)).assert_error(2, &words);
    }
}

#[test]
fn expires_in_or_expires_at_of_zero_names_lifetime() {
    for text in [
        r#"{"key":"k-1","expires_at":"0001-01-01T00:00:00Z"}"#,
        r#"{"key":"k-1","expires_at":0}"#,
        r#"{"key":"k-1","expires_at":"1970-01-01 00:00:00"}"#,
        r#"{"access_token":"k-1","expires_in":0}"#,
        r#"{"access_token":"k-1","expires_in":"-1"}"#,
    ] {
        let answer = printed(text);
        answer.assert_error(1, &["lives for 0 s", "set `lifetime` in `[source.main]`"]);
        assert!(!answer.stderr.contains("clock"), "{answer:?}");
        let home = printing("", "lifetime = \"1h\"", text);
        home.helper().run().assert_key("k-1");
        let validity = home.state().entry("main").validity;
        let life = validity.expires_at.unwrap().since(validity.fetched_at);
        assert_eq!(life.as_secs(), 3_600, "{text}");
    }
}

#[test]
fn invalid_expires_at_exits_2() {
    for unreadable in ["\"\"", "\"31.01.2099\"", "true", "{\"seconds\":4102444799}"] {
        let text = format!(r#"{{"key":"k-1","expires_at":{unreadable}}}"#);
        printed(&text).assert_error(2, &["`expires_at` is not a time", "`2030-01-31T12:00:00Z`"]);
    }
}
