//! Many concurrent processes send one request.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use integration_tests::call::{Running, wait_for_workers};
use integration_tests::servers::Relay;
use integration_tests::wait::{now, since, until};
use rustix::process::Signal;

use crate::account::{KEY, account};
use crate::barrier::Barrier;
use crate::user::User;

const ROLE: &str = "Action=AssumeRole&";
const SECRET: &str = "secretsmanager.GetSecretValue";

/// Returns a user with a role, with limits that allow a hundred processes to start during one
/// request.
fn user(relay: &Relay) -> User {
    let profile = "deadline = \"60s\"\ntimeout = \"50s\"";
    User::with_profile(relay.address(), profile, &account().as_role()).signing_as(&account().caller)
}

#[track_caller]
fn assert_all_get_the_key(calls: Vec<Running>) {
    assert_eq!(calls.len(), 100);
    for call in calls {
        call.finish().assert_key(KEY);
    }
}

fn hundred(user: &User) -> Vec<Running> {
    (0..100).map(|_| user.call().start()).collect()
}

#[test]
fn single_flight_hundred_cold_processes_one_aws_request() {
    let barrier = Barrier::default();
    let relay = {
        let barrier = barrier.clone();
        Relay::with_barrier(account().moto.address(), move |_| barrier.pass())
    };
    let user = user(&relay);
    let start = now();
    let calls = hundred(&user);
    wait_for_workers(&calls);
    assert_eq!(relay.requests().len(), 1);
    barrier.open();
    assert_all_get_the_key(calls);
    let cold = since(start);
    assert_eq!((relay.count(ROLE), relay.count(SECRET)), (1, 1), "after {cold:?}");
    assert_eq!(user.state().log().len(), 1);

    // The session is the renewal: after the key's TTL, no role is assumed.
    user.outlive_ttl();
    assert_all_get_the_key(hundred(&user));
    assert_eq!((relay.count(ROLE), relay.count(SECRET)), (1, 2));
    assert_eq!(relay.requests().len(), 3);
}

#[test]
fn single_flight_hundred_due_hits_one_background_refresh() {
    let relay = Relay::to(account().moto.address());
    let user = user(&relay);
    user.run().assert_key(KEY);
    user.state().age("aws", Duration::from_secs(62 * 60));
    let before = user.state().entry("aws").validity.fetched_at;

    assert_all_get_the_key(hundred(&user));

    until("the key is refreshed", || {
        (user.state().entry("aws").validity.fetched_at > before).then_some(())
    });
    assert_eq!((relay.count(ROLE), relay.count(SECRET)), (1, 2));
}

/// The refreshing process is killed; its session was saved, and the next process reads with it.
#[test]
fn role_session_survives_the_killed_process_that_assumed_it() {
    let barrier = Barrier::default();
    let is_first = AtomicBool::new(true);
    let relay = {
        let barrier = barrier.clone();
        Relay::with_barrier(account().moto.address(), move |request| {
            if request.text.contains(SECRET) && is_first.swap(false, Ordering::SeqCst) {
                barrier.pass();
            }
        })
    };
    let user = user(&relay);
    let holder = user.call().start();
    until("it reads the secret", || (relay.count(SECRET) == 1).then_some(()));
    let waiting = user.call().start();

    holder.signal(Signal::KILL);

    waiting.finish().assert_key(KEY);
    assert_eq!((relay.count(ROLE), relay.count(SECRET)), (1, 2));
    assert!(holder.finish().signal.is_some());
    barrier.open();
}
