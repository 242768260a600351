//! A token is sent only once, whatever fails.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use integration_tests::servers::token_endpoint::FEDERATION;
use integration_tests::servers::{Relay, TokenEndpoint};
use integration_tests::wait::LIMIT;
use rustix::process::Signal;
use serde_json::Value;

use crate::user::{SOURCE, User};

/// Longer than the `ttl` of a profile, `stale_while_revalidate` included.
const STALE: Duration = Duration::from_secs(2 * 3_600);

#[test]
fn lost_token_answer_makes_the_call_send_a_new_token() {
    let endpoint = TokenEndpoint::new();
    let user = User::with_program(&endpoint, 4, "");
    endpoint.lose_a_grant();
    assert!(endpoint.is_active(&user.key()));
    assert_eq!(endpoint.statuses(), [200, 200]);
    assert_eq!(user.home.runs("token"), 2);
}

#[test]
fn token_endpoint_503_makes_the_call_send_a_new_token() {
    let endpoint = TokenEndpoint::new();
    let user = User::with_program(&endpoint, 4, "");
    endpoint.refuse(503, "<html>Service Unavailable</html>");
    user.key();
    assert_eq!(endpoint.statuses(), [503, 200]);
}

#[test]
fn sent_token_is_saved_to_disk_before_the_request() {
    let endpoint = TokenEndpoint::new();
    let ((arrive, arrived), (go_on, goes_on)) = (channel(), channel::<()>());
    let (arrive, goes_on) = (Mutex::new(arrive), Mutex::new(goes_on));
    let relay = Relay::with_barrier(endpoint.address(), move |_| {
        // A failed test does not wait any more.
        let _ = arrive.lock().unwrap().send(());
        let _ = goes_on.lock().unwrap().recv();
    });
    let address = format!("{}/v1/oauth/token", relay.address());
    let user = User::with(&address, "{ file = \"FILE\" }", FEDERATION);
    user.rotate(&endpoint.token());
    let call = user.get().start();
    arrived.recv_timeout(LIMIT).expect("no request comes");
    call.signal(Signal::KILL);
    let answer = call.finish();
    assert_eq!(answer.signal, Some(Signal::KILL.as_raw()));
    assert!(user.kept()["token"].is_string(), "{}", user.kept());
    // The next call sends it again, because the file has no other, and learns that it was used.
    drop(go_on);
    user.get().run().assert_error(1, &["takes a token once"]);
    assert_eq!(user.kept()["is_refused"], Value::Bool(true));
    user.rotate(&endpoint.token());
    user.state().end_pauses();
    user.key();
}

#[test]
fn token_file_that_rotates_too_late_prints_the_stale_key() {
    let endpoint = TokenEndpoint::new();
    let user = User::of(&endpoint, "");
    let key = user.key();
    user.state().age(SOURCE, Duration::from_secs(3_600 - 20));
    user.get().run().assert_warned(&key, &["using the key that `key` gave", "takes a token once"]);
    // It was tried, because not every server rejects a second use.
    assert_eq!(endpoint.statuses(), [200, 401]);
    user.state().end_pauses();
    user.get().run().assert_warned(&key, &["takes a token once"]);
    assert_eq!(endpoint.statuses(), [200, 401]);
    user.rotate(&endpoint.token());
    user.state().end_pauses();
    assert_ne!(user.key(), key);
    user.state().age(SOURCE, STALE);
    user.get().run().assert_error(1, &["`expirationSeconds`"]);
}
