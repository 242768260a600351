//! Codex itself, against a provider that answers `pong`.

use std::fs;
use std::path::PathBuf;

use integration_tests::binaries::Binaries;
use integration_tests::call::Answer;
use integration_tests::client::leave_network;
use integration_tests::home::KEYS;
use integration_tests::install;
use integration_tests::servers::protected_server::bearer;
use integration_tests::servers::{ProtectedServer, Reply};
use serde_json::json;

use crate::user::{DOWN, User, assert_tells_why, key};

#[test]
fn codex_replaces_a_rejected_key_within_the_turn() {
    let provider = provider();
    provider.accept_only(&["key-2"]);
    let user = developer(KEYS, &provider);
    let answer = ask(&user);
    assert_eq!((answer.code, &*answer.stdout), (Some(0), "pong\n"), "{answer:?}");
    assert_eq!((provider.refused(), provider.taken()), (vec![key(1)], vec![key(2)]));
    assert_eq!(user.fetches(), 2);
}

#[test]
fn codex_works_with_what_apply_writes() {
    let provider = provider();
    let user = developer(KEYS, &provider);
    let file = user.home.path().join(".codex/config.toml");
    let shown = fs::read_to_string(&file).unwrap();
    let (provider_alone, _) = shown.split_once("[model_providers.company.auth]").unwrap();
    user.home.write(".codex/config.toml", provider_alone);
    assert_eq!(ask(&user).code, Some(1));
    let applied = user.home.call(["--profile", "codex", "apply", "--client", "codex"]).run();
    assert_eq!(applied.code, Some(0), "{applied:?}");
    assert_eq!(ask(&user).stdout, "pong\n");
    assert_eq!(provider.taken(), [key(1)]);
}

#[test]
fn codex_shows_the_error_without_a_key() {
    let provider = provider();
    let user = developer(DOWN, &provider);
    assert_tells_why(&ask(&user));
    assert_eq!(provider.taken().len(), 0);
}

/// Starts a provider in a network without anything else, after everything is installed.
fn provider() -> ProtectedServer {
    let _ = (program(), Binaries::built());
    leave_network();
    let refusal = Reply::json(401, &json!({ "error": { "message": "no" } }));
    ProtectedServer::start(bearer, refusal, |request| match &*request.line {
        "POST /v1/responses" => Reply::new(200, &["Content-Type: text/event-stream"], &pong()),
        // It lists no models.
        _ => Reply::json(200, &json!({ "models": [] })),
    })
}

/// Returns events as in <https://platform.openai.com/docs/api-reference/responses-streaming>.
fn pong() -> String {
    let text = json!({ "type": "output_text", "text": "pong" });
    let item = json!({ "type": "message", "role": "assistant", "content": [text] });
    let usage = json!({ "input_tokens": 1, "output_tokens": 1, "total_tokens": 2 });
    let events = [
        json!({ "type": "response.created", "response": { "id": "r" } }),
        json!({ "type": "response.output_item.done", "item": item }),
        json!({ "type": "response.completed", "response": { "id": "r", "usage": usage } }),
    ];
    let event = |event: &serde_json::Value| {
        let name = event["type"].as_str().unwrap_or_default();
        format!("event: {name}\ndata: {event}\n\n")
    };
    events.iter().map(event).collect()
}

fn developer(body: &str, provider: &ProtectedServer) -> User {
    User::following("codex", body, &[("https://llm.example.com", provider.address())])
}

fn ask(user: &User) -> Answer {
    let call = user.call(program()).args(["exec", "--skip-git-repo-check"]);
    // The default would retry for six seconds.
    let call = call.args(["-c", "model_providers.company.stream_max_retries=0", "ping"]);
    call.input(b"").run()
}

/// Returns the path of the program, which is installed before its first use.
fn program() -> PathBuf {
    let (machine, target) =
        if cfg!(target_arch = "aarch64") { ("arm64", "aarch64") } else { ("x64", "x86_64") };
    let package = format!("@openai/codex@0.169.0-linux-{machine}");
    install::npm(&[&package])
        .join(format!("@openai/codex/vendor/{target}-unknown-linux-musl/bin/codex"))
}
