//! A client that was idle for longer than it keeps a key, during a rotation. Its next request has
//! the old key, because it fetches a new one only in the background; after the refusal, it asks
//! again. That must not count as a second refusal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use integration_tests::binaries::Binaries;
use integration_tests::client::{Claude, TTL_VARIABLE};
use integration_tests::process::Process;
use integration_tests::servers::Relay;
use integration_tests::wait::{sleep, until};
use serde_json::json;

use crate::world::{FIRST, READ, SECOND, World};

/// The time for which the client keeps a key. In its first four seconds, asking again would be
/// early.
const TTL: Duration = Duration::from_secs(14);

#[test]
fn claude_code_idle_gets_the_new_key_before_the_old_is_rejected() {
    let world = World::new();
    world.configure("ttl = \"14s\"", world.vault.address());
    idle_and_rotated(&world, &world.claude(), || ());
    // The second run gets a key that another run got a second before, and that was not tested yet.
    let reads = world.reads();
    assert!((2..=3).contains(&reads), "{reads}");
}

#[test]
fn claude_code_idle_old_key_rejected_during_the_fetch_is_no_second_rejection() {
    let world = World::new();
    world.home.make_dumpable();
    let worker = Binaries::built().worker.canonicalize().unwrap();
    let home = world.home.path().to_owned();
    let slow = Arc::new(AtomicBool::new(false));
    let is_slow = Arc::clone(&slow);
    let relay = Relay::with_barrier(world.vault.address(), move |request| {
        if request.line.ends_with(READ) && is_slow.swap(false, Ordering::SeqCst) {
            until("another helper waits beside the one that asks", || {
                let workers = Process::all_of(&worker, "HOME", &home);
                let waiting = workers.iter().filter(|worker| worker.waits_with_threads(2));
                (waiting.count() == 2).then_some(())
            });
        }
    });
    world.configure("ttl = \"14s\"", relay.address());
    idle_and_rotated(&world, &world.claude(), || slow.store(true, Ordering::SeqCst));
    assert!(!slow.load(Ordering::SeqCst), "the key was not asked for by way of the relay");
    assert_eq!(world.reads(), 2);
}

#[test]
fn claude_code_idle_cached_old_key_rejected_costs_one_fetch() {
    let world = World::new();
    world.configure("ttl = \"1h\"", world.vault.address());
    let settings = json!({ "env": { TTL_VARIABLE: TTL.as_millis().to_string() } });
    idle_and_rotated(&world, &world.claude().settings(&settings), || ());
    assert_eq!(world.reads(), 2);
}

/// Asserts that the old key is refused once, and that no turn fails.
#[track_caller]
fn idle_and_rotated(world: &World, claude: &Claude, awake: impl FnOnce()) {
    let mut session = claude.session();
    session.ping();
    sleep(TTL + Duration::from_millis(100));
    world.rotate(SECOND);
    world.api.accept_only(&[SECOND]);
    awake();
    session.ping();
    session.ping();
    assert_eq!(session.end(), "");
    world.assert_answered(&[(FIRST, 200), (FIRST, 401), (SECOND, 200), (SECOND, 200)]);
}
