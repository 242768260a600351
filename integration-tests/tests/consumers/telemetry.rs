//! Claude Code's `otelHeadersHelper`, against a collector that checks its header.

use integration_tests::home::KEYS;
use integration_tests::servers::protected_server::bearer;
use integration_tests::servers::{ProtectedServer, Reply};
use serde_json::json;

use crate::claude_code::World;
use crate::user::{DOWN, User, assert_has_why};

#[test]
fn otel_headers_helper_sends_the_key_with_telemetry() {
    let world = World::new();
    let collector = collector();
    let user = User::following("telemetry", KEYS, &[(COLLECTOR, collector.address())]);
    let answer = world.claude(&user).ask("ping").run();
    assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(0), "pong\n", ""));
    assert_eq!((collector.taken(), user.fetches()), (vec!["key-1".to_owned()], 1));
}

#[test]
fn otel_headers_helper_shows_the_error_without_a_key() {
    let world = World::new();
    let collector = collector();
    let user = User::following("telemetry", DOWN, &[(COLLECTOR, collector.address())]);
    let answer = world.claude(&user).ask("ping").run();
    assert_eq!((answer.code, &*answer.stdout), (Some(0), "pong\n"), "{answer:?}");
    assert_has_why(&answer.stderr);
    assert_eq!(collector.taken().len(), 0);
}

/// Starts a collector (<https://opentelemetry.io/docs/specs/otlp/#otlphttp>).
fn collector() -> ProtectedServer {
    ProtectedServer::start(bearer, Reply::new(401, &[], ""), |_| Reply::json(200, &json!({})))
}

/// The collector's address on the page.
const COLLECTOR: &str = "https://otel.example.com";
