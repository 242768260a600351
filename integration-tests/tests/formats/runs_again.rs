//! Clients that report a refused key by asking again; this test's process is their process.

use integration_tests::home::{Home, KEYS};
use integration_tests::wait::until;

use crate::kubernetes;

const CLUSTER: &str = ",\"cluster\":{\"server\":\"https://a.example:6443\"}";

#[test]
fn codex_early_retry_fetches_then_reports_a_rejected_key() {
    let home = Home::with_script(KEYS);
    let call = home.call(["--format", "codex"]);
    call.run().assert_key("key-1");
    call.run().assert_key("key-2");
    call.run().assert_error(6, &["the API refuses the key of source `main`"]);
    assert_eq!(home.runs("main"), 2);
    // Other clients are not affected.
    home.helper().run().assert_key("key-2");
}

#[test]
fn codex_processes_are_separate_clients_for_rejection() {
    let home = Home::with_script(KEYS);
    let call = home.call(["--format", "codex"]);
    let in_python =
        ["python3", "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"];
    for _ in 0..3 {
        call.clone().under(in_python).run().assert_key("key-1");
    }
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn hold_of_ten_seconds_makes_no_codex_rejection() {
    let home = Home::with_settings("hold = \"10s\"", "", KEYS);
    for _ in 0..3 {
        home.call(["--format", "codex"]).run().assert_key("key-1");
    }
}

#[test]
fn kubernetes_early_retry_counts_for_the_same_cluster() {
    let home = Home::with_script(KEYS);
    let token = |cluster: &str| {
        let answer = kubernetes(&home, "v1", cluster).run();
        let json: serde_json::Value = serde_json::from_str(answer.assert_printed()).unwrap();
        json["status"]["token"].as_str().unwrap().to_owned()
    };
    assert_eq!(token(CLUSTER), "key-1");
    // Another cluster, and an unknown one.
    assert_eq!(token(",\"cluster\":{\"server\":\"https://b.example\"}"), "key-1");
    assert_eq!([token(""), token("")], ["key-1", "key-1"]);
    assert_eq!(token(CLUSTER), "key-2");
    // It may ask as often as it likes.
    assert_eq!([token(CLUSTER), token(CLUSTER)], ["key-2", "key-2"]);
    assert_eq!(home.runs("main"), 2);
}

/// Claude Code runs a `headersHelper` again once when its server refuses the headers.
#[test]
fn headers_format_early_retry_fetches_a_new_key() {
    let home = Home::with_script(KEYS);
    let client = integration_tests::fake_client::FakeClient::start(
        home.call(["--format", "headers"]).env("CLAUDE_CODE_MCP_SERVER_NAME", "files"),
    );
    assert!(client.ask().assert_printed().contains("key-1"));
    client.age(home.state().path(), std::time::Duration::from_secs(2));
    assert!(client.ask().assert_printed().contains("key-2"));
    until("the source was asked twice", || (home.runs("main") == 2).then_some(()));
}
