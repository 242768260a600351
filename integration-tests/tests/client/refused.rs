//! A key that the API refuses.

use std::time::Duration;

use integration_tests::client::Refusal;
use integration_tests::home::{KEYS, configuration};
use integration_tests::wait::since;

use crate::failure::Failure;
use crate::world::{FIRST, SECOND, World};

#[test]
fn claude_code_rotated_key_costs_one_401() {
    assert_one_rejection(Refusal::Unauthorized, 401);
}

#[test]
fn claude_code_rotated_key_costs_one_403() {
    assert_one_rejection(Refusal::Forbidden, 403);
}

#[track_caller]
fn assert_one_rejection(refusal: Refusal, status: u16) {
    let world = World::refusing_with(refusal);
    let mut session = world.claude().session();
    session.ping();
    world.rotate(SECOND);
    world.api.accept_only(&[SECOND]);
    session.ping();
    session.ping();
    assert_eq!(session.end(), "");
    world.assert_answered(&[(FIRST, 200), (FIRST, status), (SECOND, 200), (SECOND, 200)]);
    assert_eq!(world.reads(), 2);
}

#[test]
fn claude_code_shows_that_the_vault_key_is_rejected() {
    let world = World::new();
    assert_named_in_time(&world, "vault");
    assert!(world.reads() <= 2, "{}", world.reads());
}

#[test]
fn claude_code_shows_that_all_script_keys_are_rejected() {
    let world = World::new();
    let script = world.home.script("main", KEYS);
    world.home.configure(&configuration("", "", &script));
    assert_named_in_time(&world, "main");
    let runs = world.home.runs("main");
    assert!(runs <= 3, "{runs}");
}

/// Asserts that the client ends in time, with the reason.
#[track_caller]
fn assert_named_in_time(world: &World, source: &str) {
    world.api.accept_only(&[]);
    let answer = world.claude().ask("ping").run();
    let took = since(world.api.first_refusal());
    Failure::said_by(&answer).assert_rejected(source);
    assert!(took < Duration::from_secs(15), "{took:?}: {:?}", world.api.answered());
}
