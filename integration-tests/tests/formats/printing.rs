//! The output of each format, and the moment at which its client should ask again.

use std::time::Duration;

use api_key_helper_backend::text::rfc3339;
use api_key_helper_cache::Policy;
use api_key_helper_values::Moment;
use integration_tests::call::Call;
use integration_tests::home::Home;
use serde_json::{Value, json};

use crate::{SERVERS, cargo, cargo_asks, git, git_asks, kubernetes};

/// The key expires late, so that `ttl` decides when it is refreshed.
const SCRIPT: &str = r#"echo '{"key": "k\"1", "expires_at": "2099-12-31T23:59:59Z"}'"#;
const KEY: &str = "k\"1";
const END: &str = "2099-12-31T23:59:59Z";

fn home() -> Home {
    Home::with_settings(SERVERS, "", SCRIPT)
}

#[track_caller]
fn json_of(call: &Call) -> Value {
    serde_json::from_str(call.run().assert_printed()).unwrap()
}

/// Returns the moment at which the key is due: after the `ttl`, reduced by the jitter.
fn due_at(home: &Home) -> Moment {
    let validity = home.state().entry("main").validity;
    let due_at = Policy::default().bounds(&validity, Duration::ZERO).fresh_until;
    let age = due_at.since(validity.fetched_at);
    assert!((3_240..=3_600).contains(&age.as_secs()), "{age:?}");
    due_at
}

#[test]
fn one_cached_key_serves_every_format() {
    let home = home();
    for format in ["codex", "raw"] {
        home.call(["--format", format]).run().assert_key(KEY);
    }
    let due_at = due_at(&home);
    let (due_written, due_seconds) = (rfc3339(due_at), due_at.unix_millis() / 1_000);

    let json = json_of(&home.call(["get", "--format", "json"]));
    let expected =
        json!({"key": KEY, "expires_at": END, "refresh_at": due_written, "source": "main"});
    assert_eq!(json, expected);
    let headers = json_of(&home.call(["--format", "headers"]));
    assert_eq!(headers, json!({"Authorization": format!("Bearer {KEY}")}));
    let desktop = json_of(&home.call(["--format", "claude-desktop"]));
    assert_eq!(desktop, json!({"token": KEY}));
    let google = json_of(&home.call(["--format", "google-executable"]));
    let token_type = "urn:ietf:params:oauth:token-type:jwt";
    let expected = json!({"version": 1, "success": true, "token_type": token_type,
        "id_token": KEY, "expiration_time": due_seconds});
    assert_eq!(google, expected);
    for version in ["v1", "v1beta1"] {
        let answer = json_of(&kubernetes(&home, version, ""));
        let expected = json!({"apiVersion": format!("client.authentication.k8s.io/{version}"),
            "kind": "ExecCredential", "status": {"token": KEY, "expirationTimestamp": due_written}});
        assert_eq!(answer, expected);
    }

    let answer = git(&home, "get", &git_asks("a.example")).run();
    let expected = format!("username=oauth2\npassword={KEY}\npassword_expiry_utc={due_seconds}\n");
    assert_eq!(answer.assert_printed(), expected);
    let answer = cargo(&home, &cargo_asks("get", "b.example")).run();
    let lines: Vec<&str> = answer.assert_printed().lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "{\"v\":[1]}"));
    let expected = json!({"Ok": {"kind": "get", "token": KEY, "cache": "expires",
        "expiration": due_seconds, "operation_independent": true}});
    assert_eq!(serde_json::from_str::<Value>(lines[1]).unwrap(), expected);

    assert_eq!(home.runs("main"), 1);
}

#[test]
fn env_format_quotes_the_key_for_the_shell() {
    let key = "a'b\\$(id)`id`\\\"&;#";
    let script = format!("cat <<'END'\n{key}\nEND");
    let home = Home::with_settings("env = \"OTHER_KEY\"", "", &script);
    let line = "eval \"$(\"$0\" --format env)\" && printf '%s %s' \"$OTHER_KEY\" \
                \"${OTHER_KEY_EXPIRES_AT-unset}\"";
    let call = home.helper().under(["/bin/sh", "-c", line]).env("OTHER_KEY_EXPIRES_AT", "2001");
    assert_eq!(call.run().assert_printed(), format!("{key} unset"));
    home.state().change("main", |entry| {
        entry.validity.expires_at = Some(Moment::from_unix_millis(4_102_444_799_000));
    });
    assert_eq!(call.run().assert_printed(), format!("{key} {END}"));
}

#[test]
fn aws_credentials_document_carries_its_expiration() {
    let document = "cat <<'END'\n{\n  \"Credentials\": {\n    \"AccessKeyId\": \"AKIA\",\n    \
                    \"SecretAccessKey\": \"s e c\",\n    \"SessionToken\": \"t\",\n    \
                    \"Expiration\": \"2099-12-31T23:59:59+00:00\"\n  }\n}\nEND";
    let home = Home::with_settings("", "output = \"document\"", document);
    let expected = json!({"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s e c",
        "SessionToken": "t", "Expiration": END});
    for _ in 0..2 {
        assert_eq!(json_of(&home.call(["--format", "credential-process"])), expected);
    }
    assert_eq!(home.runs("main"), 1);
    let entry = home.state().entry("main");
    assert_eq!(entry.validity.expires_at, Some(Moment::from_unix_millis(4_102_444_799_000)));
}

#[test]
fn stale_key_in_json_format_has_an_early_refresh_at() {
    let home = Home::with_settings("", "", "[ $run = 1 ] && echo key-1 || exit 75");
    home.helper().run().assert_key("key-1");
    home.state().age("main", Duration::from_secs(2 * 3_600));
    let answer = home.call(["--format", "json"]).run();
    let json: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(json["key"], "key-1");
    assert!(answer.stderr.starts_with("api-key-helper: warning: "), "{answer:?}");
    assert_eq!(json.get("expires_at"), None);
    let failed_at = home.state().log().last().unwrap()["time"].as_str().unwrap().to_owned();
    // Both have the same format, to the second, so they compare as strings.
    let soon = json["refresh_at"].as_str().unwrap();
    assert!(failed_at.as_str() < soon, "{failed_at} {soon}");
}
