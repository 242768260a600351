//! Errors in the formats of clients.

use integration_tests::home::Home;
use serde_json::Value;

use crate::{SERVERS, cargo, cargo_asks, git, git_asks, kubernetes};

/// Returns a source that is down, with a reason.
fn down() -> Home {
    let settings = format!("{SERVERS}\nretries = 0");
    Home::with_settings(&settings, "", "echo 'the vault is sealed' >&2; exit 75")
}

#[test]
fn formats_print_the_error_on_stderr() {
    let home = down();
    for format in [
        "raw",
        "codex",
        "json",
        "headers",
        "claude-desktop",
        "credential-process",
        "env",
        "exec-credential",
    ] {
        let answer = home.call(["--format", format]).run();
        answer.assert_error(1, &["the vault is sealed"]);
    }
    kubernetes(&home, "v1", "").run().assert_error(1, &["the vault is sealed"]);
    git(&home, "get", &git_asks("a.example")).run().assert_error(1, &["the vault is sealed"]);
}

#[test]
fn cargo_and_google_formats_print_errors_as_json() {
    let home = down();
    let answer = cargo(&home, &cargo_asks("get", "a.example")).run();
    let error = answer.assert_printed().lines().nth(1).unwrap();
    let error: Value = serde_json::from_str(error).unwrap();
    assert_eq!(error["Err"]["kind"], "other");
    assert!(error["Err"]["message"].as_str().unwrap().contains("the vault is sealed"));
    assert!(error["Err"]["caused-by"][0].is_string(), "{error}");

    let answer = home.call(["--format", "google-executable"]).run();
    let error: Value = serde_json::from_str(answer.assert_printed()).unwrap();
    assert_eq!((&error["success"], &error["code"]), (&false.into(), &"transient".into()));
    assert!(error["message"].as_str().unwrap().contains("the vault is sealed"), "{error}");
}

#[test]
fn cargo_and_google_formats_without_a_configuration_print_errors_as_json() {
    let home = Home::new();
    home.call(["--format", "json"]).run().assert_error(2, &["there is no configuration"]);
    let answer = home.call(["--format", "google-executable"]).run();
    assert!(answer.assert_printed().contains("\"code\":\"misconfigured\""), "{answer:?}");
    let answer = cargo(&home, &cargo_asks("get", "a.example")).run();
    assert!(answer.assert_printed().contains("there is no configuration"), "{answer:?}");
}

#[test]
fn unsupported_kubernetes_or_google_request_is_refused() {
    let home = Home::with_script("echo key-1");
    let old = kubernetes(&home, "v1alpha1", "").run();
    old.assert_error(2, &["Kubernetes", "apiVersion: client.authentication.k8s.io/v1"]);
    let google = home.call(["--format", "google-executable"]);
    let answer = google.env("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE", "urn:x").run();
    assert!(answer.assert_printed().contains("\"success\":false"), "{answer:?}");
    assert_eq!(home.runs("main"), 0);
}

/// Some of Google's libraries read stderr as part of the output.
#[test]
fn google_executable_format_prints_no_warning() {
    let home = Home::with_settings("", "", "[ $run = 1 ] && echo key-1 || exit 75");
    home.helper().run().assert_key("key-1");
    home.state().age("main", std::time::Duration::from_secs(2 * 3_600));
    let answer = home.call(["--format", "google-executable"]).run();
    assert!(answer.assert_printed().contains("\"id_token\":\"key-1\""), "{answer:?}");
}
