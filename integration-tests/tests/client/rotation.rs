//! A key that is replaced in Vault while the client works.

use integration_tests::wait::{now, since, until};

use crate::world::{FIRST, SECOND, World};

#[test]
fn claude_code_request_carries_the_vault_key() {
    let world = World::new();
    let answer = world.claude().ask("ping").run();
    assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(0), "pong\n", ""));
    world.assert_answered(&[(FIRST, 200)]);
    assert_eq!(world.reads(), 1);
}

#[test]
fn claude_code_key_rotation_fails_no_turn() {
    let world = World::new();
    world.configure("ttl = \"2s\"", world.vault.address());
    let started = now();
    let mut session = world.claude().session();
    session.ping();
    session.ping();
    world.assert_answered(&[(FIRST, 200), (FIRST, 200)]);
    world.rotate(SECOND);
    // The old key stays valid for as long as clients may have it.
    until("a request carries the new key", || {
        session.ping();
        world.api.answered().last().is_some_and(|(key, _)| key == SECOND).then_some(())
    });
    world.api.accept_only(&[SECOND]);
    session.ping();
    assert_eq!(session.end(), "");

    let answered = world.api.answered();
    assert!(answered.iter().all(|(_, status)| *status == 200), "{answered:?}");
    // The client asks after its TTL, and we ask Vault after ours.
    let most = 1 + since(started).as_secs() / 2;
    let reads = world.reads();
    assert!((2..=usize::try_from(most).unwrap()).contains(&reads), "{reads} of {most}");
}
