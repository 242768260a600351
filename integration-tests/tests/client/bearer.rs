//! A key that is the client's bearer token from the start, as in docs/backends/exchange.md.

use serde_json::json;

use crate::world::{FIRST, World};

#[test]
fn claude_code_sends_anthropic_auth_token_alone() {
    let world = World::new();
    let claude = world.claude().settings(&json!({ "apiKeyHelper": "" }));
    let answer = claude.ask("ping").env("ANTHROPIC_AUTH_TOKEN", FIRST).run();
    assert_eq!((answer.code, &*answer.stdout), (Some(0), "pong\n"), "{answer:?}");
    world.assert_answered(&[(&format!("x-api-key: , authorization: Bearer {FIRST}"), 200)]);
    assert_eq!(world.reads(), 0);
}
