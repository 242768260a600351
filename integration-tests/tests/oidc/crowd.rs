//! Many concurrent processes, one of which may be killed at the worst moment.

use std::time::Duration;

use integration_tests::call::{Running, wait_for_workers};
use integration_tests::servers::OidcProvider;
use integration_tests::wait::until;
use rustix::process::Signal;

use crate::proxy::{Point, Proxy, REFRESH};
use crate::user::{COMMAND, SOURCE, User};

const CROWD: usize = 100;
const LIFE: Duration = Duration::from_secs(3_600);

/// Returns a user whose key has just expired.
fn user(provider: &OidcProvider, source: &str) -> (User, String) {
    // The limits allow all of them to start during one request.
    let patient = "deadline = \"60s\"\ntimeout = \"50s\"";
    let user = User::with_profile(provider.issuer(), patient, source);
    user.sign_in(provider);
    let key = user.key();
    user.state().age(SOURCE, LIFE);
    assert_eq!(user.status()["key"], "expired");
    assert_eq!(provider.asked("refresh_token"), 0);
    (user, key)
}

/// Starts `count` calls, and waits until all of them need a new key.
fn start(user: &User, count: usize) -> Vec<Running> {
    let calls: Vec<Running> = (0..count).map(|_| user.get().start()).collect();
    wait_for_workers(&calls);
    calls
}

/// Asserts that all print the same new key, and that the family of tokens is valid.
#[track_caller]
fn assert_one_refresh(provider: &OidcProvider, user: &User, calls: Vec<Running>, old: &str) {
    let key = user.key();
    assert_ne!(key, old);
    for call in calls {
        call.finish().assert_key(&key);
    }
    assert_eq!((provider.asked("refresh_token"), provider.granted("refresh_token")), (1, 1));
    assert!(provider.is_active(&key));
    user.state().age(SOURCE, LIFE);
    assert_ne!(user.key(), key);
    assert_eq!((provider.granted("refresh_token"), provider.revocations()), (2, 0));
}

#[test]
fn single_flight_hundred_processes_use_the_refresh_token_once() {
    let provider = OidcProvider::new();
    let proxy = Proxy::to(&provider);
    let (user, old) = user(&provider, &proxy.endpoints());
    let hold = proxy.hold(Point::Request, REFRESH);
    let calls = start(&user, CROWD);
    hold.reached().resume();
    assert_one_refresh(&provider, &user, calls, &old);
}

#[test]
fn single_flight_hundred_processes_without_a_barrier_use_the_refresh_token_once() {
    let provider = OidcProvider::new();
    // Without the proxy, nothing slows down the first of them.
    let (user, old) = user(&provider, "");
    let calls = (0..CROWD).map(|_| user.get().start()).collect();
    assert_one_refresh(&provider, &user, calls, &old);
}

#[test]
fn refresh_token_survives_a_process_killed_before_its_request() {
    let provider = OidcProvider::new();
    let proxy = Proxy::to(&provider);
    let (user, old) = user(&provider, &proxy.endpoints());
    let hold = proxy.hold(Point::Request, REFRESH);
    let first = user.get().start();
    let held = hold.reached();
    let others = start(&user, CROWD - 1);

    first.signal(Signal::KILL);
    assert_eq!(first.finish().signal, Some(Signal::KILL.as_raw()));
    drop(held);

    assert_one_refresh(&provider, &user, others, &old);
}

#[test]
fn refresh_token_is_lost_when_a_process_is_killed_with_the_unused_answer() {
    let provider = OidcProvider::new();
    let proxy = Proxy::to(&provider);
    let (user, old) = user(&provider, &proxy.endpoints());
    let hold = proxy.hold(Point::Answer, REFRESH);
    let first = user.get().start();
    let held = hold.reached();
    let others = start(&user, CROWD - 1);

    first.signal(Signal::STOP);
    let process = first.process();
    until("it stands still", || process.is_stopped().then_some(()));
    held.deliver();
    assert_eq!(provider.granted("refresh_token"), 1);
    first.signal(Signal::KILL);
    assert_eq!(first.finish().signal, Some(Signal::KILL.as_raw()));

    // One of them gets the refusal from the provider, and the others read it.
    for call in others {
        call.finish().assert_error(3, &["the sign-in", "has ended", COMMAND]);
    }
    user.get().run().assert_error(3, &["the sign-in", "has ended", COMMAND]);
    assert_eq!((provider.asked("refresh_token"), provider.revocations()), (2, 1));

    user.sign_in(&provider);
    let key = user.key();
    assert_ne!(key, old);
    assert!(provider.is_active(&key));
    user.state().age(SOURCE, LIFE);
    assert_ne!(user.key(), key);
    assert_eq!(provider.revocations(), 1);
}

#[test]
fn refresh_during_login_does_not_use_the_new_refresh_token() {
    let provider = OidcProvider::new();
    let proxy = Proxy::to(&provider);
    let user = User::with(&provider, &format!("key = \"id_token\"\n{}", proxy.endpoints()));
    // The login has its tokens, and still has to validate one of them.
    let hold = proxy.hold(Point::Request, "GET /jwks");
    let login = user.login();
    provider.approve(&login.code());
    let held = hold.reached();
    let hasty = ["get", "--refresh", "--deadline", "300ms"];
    let words = ["another process is still refreshing source `sso`"];
    user.home.call(hasty).run().assert_error(1, &words);
    assert_eq!(provider.asked("refresh_token"), 0);
    held.resume();
    assert_eq!(login.finish().code, Some(0));
    let _ = user.home.call(["get", "--refresh"]).run().assert_printed();
    let _ = user.home.call(["get", "--refresh"]).run().assert_printed();
    assert_eq!((provider.granted("refresh_token"), provider.revocations()), (2, 0));
}
