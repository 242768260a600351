//! Reports contain no secret, wherever secrets are.

use std::fs;

use integration_tests::call::Call;
use integration_tests::home::Home;
use integration_tests::secret_forms::SecretForms;
use serde_json::json;

use crate::setup::Setup;

/// A secret that occurs nowhere by chance.
const SECRET: &str = "sk-canary-5up3rc4l1fr4g1l-15t1c3xp14l1d0c10u5-purple";

/// Asserts that both reports, and the files that they leave in the state folder, have no trace of
/// it.
#[track_caller]
fn assert_clean(setup: &Setup, call: &Call) {
    for format in [&["doctor"][..], &["doctor", "--json"]] {
        let answer = call.clone().args(format.iter().copied()).run();
        assert!(answer.stdout.contains("client-settings"), "{answer:?}");
        SecretForms::of(SECRET).assert_not_in("stdout", answer.stdout.as_bytes());
        SecretForms::of(SECRET).assert_not_in("stderr", answer.stderr.as_bytes());
    }
    for name in setup.home.state().files("") {
        if !name.ends_with(".entry") {
            let content = fs::read(setup.home.state().path().join(&name)).unwrap();
            SecretForms::of(SECRET).assert_not_in(&name, &content);
        }
    }
}

fn with_script(body: &str) -> Setup {
    Setup::with_settings("retries = 0", "", &format!("key='{SECRET}'\n{body}"))
}

#[test]
fn doctor_report_never_shows_a_secret_of_the_source() {
    for body in ["echo \"$key\"", "echo \"$key $key\"", "echo \"$key\"; echo \"$key\" >&2; exit 75"]
    {
        let setup = with_script(body);
        for _ in 0..2 {
            assert_clean(&setup, &setup.home.helper());
        }
    }
}

#[test]
fn doctor_report_never_shows_a_secret_the_helper_prints() {
    for body in [
        "echo \"$key\"",
        "echo \"$key\"; echo \"$key\"",
        "printf '%s\\377' \"$key\"",
        "echo \"api-key-helper: error: $key\" >&2; exit 1",
        "echo \"$key\" >&2; echo \"$key\"",
    ] {
        let setup = Setup::new();
        let script = setup.home.script("foreign", &format!("key='{SECRET}'\n{body}"));
        setup.tell(&script.display().to_string(), &json!({}));
        assert_clean(&setup, &setup.home.helper());
    }
}

#[test]
fn doctor_report_never_shows_a_secret_of_settings_or_environment() {
    let setup = Setup::new();
    let env = json!({
        "ANTHROPIC_API_KEY": SECRET, "OTHER": SECRET,
    });
    for line in [
        SECRET.to_owned(),
        format!("echo {SECRET}"),
        format!("KEY={SECRET} {}", setup.line()),
        format!("bin/{SECRET} x"),
        format!("'{SECRET}"),
        setup.line(),
    ] {
        setup.tell(&line, &env);
        let call = setup.home.helper().env("ANTHROPIC_AUTH_TOKEN", SECRET);
        assert_clean(&setup, &call);
    }
    for text in [
        format!("{{\"env\": {{\"A\": \"{SECRET}\" \"{SECRET}\"}}}}"),
        format!("{{\"apiKeyHelper\": [\"{SECRET}\"]}}"),
        SECRET.to_owned(),
    ] {
        setup.home.write(".claude/settings.json", text);
        assert_clean(&setup, &setup.home.helper());
    }
}

#[test]
fn doctor_report_never_shows_a_secret_of_the_configuration() {
    let home = Home::new();
    let setup = Setup::of(home);
    for text in [
        format!(
            "[profile.a]\nsources = [\"v\"]\n[source.v]\nbackend = \"vault\"\n\
                 address = \"https://u:{SECRET}@v\"\npath = \"p\"\n"
        ),
        format!("[profile.a]\nsources = [\"v\"]\nretries = \"{SECRET}\"\n"),
        format!(
            "[profile.a]\nsources = [\"v\"]\n[source.v]\nbackend = \"vault\"\n\
                 address = \"https://127.0.0.1:1\"\npath = \"p\"\nauth = \"{SECRET}\"\n"
        ),
    ] {
        setup.home.configure(&text);
        assert_clean(&setup, &setup.home.helper());
    }
}
