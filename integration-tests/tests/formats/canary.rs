//! The key is only in the place that its format defines.

use std::fs;

use integration_tests::call::Call;
use integration_tests::files;
use integration_tests::home::Home;
use integration_tests::secret_forms::SecretForms;
use tempfile::TempDir;

use crate::{SERVERS, cargo, cargo_asks, git, git_asks, kubernetes};

/// A key that occurs nowhere by chance: a set of AWS keys, so that every format can print it.
const SECRET: &str = "canary-5up3rc4l1fr4g1l-15t1c3xp14l1d0c10u5";

/// Returns a user whose key is in a file that is not searched, with a program in place of `setsid`
/// that looks at each started process.
fn user() -> (Home, TempDir) {
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("key");
    let key = format!("{{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"{SECRET}\"}}");
    fs::write(&file, key).unwrap();
    let given = "for process in $$ $PPID; do\n\
                 cat /proc/$process/cmdline /proc/$process/environ >>\"$HOME/given\"\ndone";
    let body = format!("{given}\ncat '{}'", file.display());
    let settings = format!("{SERVERS}\nttl = \"0s\"");
    let home = Home::with_settings(&settings, "output = \"document\"", &body);
    home.make_dumpable();
    (home, elsewhere)
}

#[track_caller]
fn assert_clean(what: &str, bytes: &[u8]) {
    SecretForms::of(SECRET).assert_not_in(what, bytes);
}

#[test]
fn each_format_prints_the_key_once_and_nowhere_else() {
    let (home, _elsewhere) = user();
    let plain = ["raw", "codex", "json", "headers", "claude-desktop", "credential-process", "env"];
    let plain = plain.map(|format| home.call(["--format", format]));
    let cluster = ",\"cluster\":{\"server\":\"https://a.example\"}";
    let others = [
        home.call(["--format", "google-executable"]),
        home.call(["--format", "google-executable"])
            .env("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE", "urn:ietf:params:oauth:token-type:saml2")
            .env("GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE", home.path().join("output.json")),
        kubernetes(&home, "v1", ""),
        kubernetes(&home, "v1", cluster),
        git(&home, "get", &git_asks("a.example")),
        cargo(&home, &cargo_asks("get", "a.example")),
    ];
    let calls: Vec<Call> = plain.into_iter().chain(others).collect();
    for call in &calls {
        let answer = call.run();
        assert_eq!(answer.assert_printed().matches(SECRET).count(), 1, "{answer:?}");
    }
    // An error does not contain a key for another server.
    for said in [git_asks("evil.example"), format!("{SECRET}\n"), format!("host=a\n{SECRET}\n")] {
        let answer = git(&home, "get", &said).run();
        assert_clean("stdout", answer.stdout.as_bytes());
        assert_clean("stderr", answer.stderr.as_bytes());
    }
    let erased = git_asks("a.example").replace("\n\n", &format!("\npassword={SECRET}\n\n"));
    git(&home, "erase", &erased).run().assert_printed();
    assert!(home.runs("main") >= calls.len(), "{}", home.runs("main"));
    let files = files::below(home.path());
    assert!(files.len() >= 5, "{files:?}");
    for (file, content) in files {
        assert_clean(&file.to_string_lossy(), &content);
    }
}
