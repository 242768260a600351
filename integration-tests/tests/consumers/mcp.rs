//! Claude Code's `headersHelper`, against an MCP server that checks its header.

use std::fs;
use std::time::Duration;

use integration_tests::client::Claude;
use integration_tests::home::KEYS;
use integration_tests::servers::mcp::{self, SEEN, TOOL};
use integration_tests::wait::{sleep, until};
use serde_json::{Value, json};

use crate::claude_code::World;
use crate::user::{DOWN, User, assert_has_why, key};

#[test]
fn mcp_replaces_a_rejected_key_when_it_reconnects() {
    let world = World::new();
    let server = mcp::serve();
    server.accept_only(&["key-2"]);
    let user = User::following("mcp-servers", KEYS, &[(SERVER, server.address())]);
    let mut session = claude(&world, &user).session();
    session.ping();
    until("the server has let the client in", || (!server.taken().is_empty()).then_some(()));
    assert_eq!(session.end(), "");
    assert_eq!((server.refused(), server.taken()), (vec![key(1)], vec![key(2)]));
    assert_eq!(user.fetches(), 2);
}

#[test]
fn mcp_replaces_a_key_that_expires_during_a_session() {
    let world = World::new();
    let server = mcp::serve();
    let user = User::following("mcp-servers", KEYS, &[(SERVER, server.address())]);
    let tool = format!("mcp__company__{TOOL}");
    let claude = claude(&world, &user).arg("--debug").arg("--allowedTools").arg(&tool);
    let mut session = claude.session();
    session.ping();
    wait_for(&user, "MCP server \"company\": Successfully connected");
    server.accept_only(&["key-2"]);
    // A request within half a second after an answer cannot be a reaction to it
    // (`rejection/judge.rs`).
    sleep(Duration::from_millis(600));
    world.api.ask_for_tool(&tool, json!({}));
    session.ping();
    assert_eq!(session.end(), "");
    assert_eq!(world.api.outputs(), [SEEN]);
    assert_eq!((server.refused(), server.taken()), (vec![key(1)], vec![key(1), key(2)]));
}

#[test]
fn mcp_works_with_what_apply_writes() {
    let world = World::new();
    let server = mcp::serve();
    let user = User::following("mcp-servers", KEYS, &[(SERVER, server.address())]);
    let claude = claude(&world, &user);
    let file = user.home.path().join("project/.mcp.json");
    let mut settings: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    settings["mcpServers"]["company"].as_object_mut().unwrap().remove("headersHelper").unwrap();
    user.home.write("project/.mcp.json", settings.to_string());
    let line = ["--profile", "mcp", "apply", "--client", "mcp", "--scope", "project"];
    let call = user.home.call(line).args(["--server", "company"]);
    let applied = call.folder(file.parent().unwrap()).run();
    assert_eq!(applied.code, Some(0), "{applied:?}");
    let mut session = claude.session();
    session.ping();
    until("the server has let the client in", || (!server.taken().is_empty()).then_some(()));
    assert_eq!(session.end(), "");
    assert_eq!(server.taken(), [key(1)]);
}

/// The client reconnects for any reason, and requests headers each time.
#[test]
fn mcp_server_that_does_not_answer_is_no_rejection() {
    let world = World::new();
    let server = mcp::serve_after(4);
    let user = User::following("mcp-servers", KEYS, &[(SERVER, server.address())]);
    let mut session = claude(&world, &user).arg("--debug").session();
    session.ping();
    wait_for(&user, "MCP server \"company\": Successfully connected");
    assert_eq!(session.end(), "");
    assert_eq!(server.refused().len(), 0);
    assert!(user.fetches() <= 2, "{}", user.fetches());
}

/// This client reports only that its helper failed; the helper itself reports the reason.
#[test]
fn mcp_shows_which_server_has_no_key() {
    let world = World::new();
    let server = mcp::serve();
    let user = User::following("mcp-servers", DOWN, &[(SERVER, server.address())]);
    let mut session = claude(&world, &user).arg("--debug").session();
    session.ping();
    wait_for(&user, "headersHelper for MCP server 'company' did not return a valid value");
    assert_eq!(session.end(), "");
    assert_eq!(server.taken().len(), 0);
    let shown = user.shown("console");
    let line = shown.lines().next().and_then(|line| line.strip_prefix("$ ")).unwrap();
    let status = user.call("sh").args(["-c", line]).env("PATH", user.path()).run();
    assert_has_why(&status.stdout);
}

/// Waits until the client's debug log contains `words`.
#[track_caller]
fn wait_for(user: &User, words: &str) {
    let log = user.home.path().join(".claude/debug/latest");
    until(words, || fs::read_to_string(&log).is_ok_and(|said| said.contains(words)).then_some(()));
}

/// Returns the user's client, with the servers of the page.
fn claude(world: &World, user: &User) -> Claude {
    let servers = user.home.write("project/.mcp.json", user.shown("json .mcp.json"));
    world.claude(user).arg("--mcp-config").arg(servers.to_str().unwrap())
}

/// The server's address on the page.
const SERVER: &str = "https://mcp.example.com";
