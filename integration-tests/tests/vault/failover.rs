//! A cluster of three nodes, one of which dies.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use integration_tests::call::{Answer, Call};
use integration_tests::servers::OpenBao;
use integration_tests::wait::{now, since, sleep};
use serde_json::json;

use crate::server::{KEY, READ, approle, approle_auth, put_key, secret_id};
use crate::user::User;

/// The duration of the calls.
const LONG: Duration = Duration::from_secs(60);
/// The interval of the calls.
const PERIOD: Duration = Duration::from_millis(100);
/// The moment at which the leader dies.
const DEATH: Duration = Duration::from_secs(15);
/// The moment at which the key is replaced, long after the election of a new leader.
const ROTATION: Duration = Duration::from_secs(45);

/// Hard on purpose: a caller waits for every refresh, and tokens are so short that some must be
/// renewed or replaced by a login while there is no leader.
const PROFILE: &str = "ttl = \"1s\"\nstale_while_revalidate = \"0s\"\ndeadline = \"10s\"";
const DEADLINE: Duration = Duration::from_secs(10);
const ROLE: [(&str, &str); 2] = [("token_ttl", "2s"), ("token_max_ttl", "4s")];

const NEW_KEY: &str = "sk-canary-th3-k3y-4fter-th3-l34der-d1ed";

#[test]
fn vault_raft_leader_killed_fails_no_call() {
    let cluster = OpenBao::raft(3);
    let leader = cluster.leader().unwrap();
    leader.enable_engine("secret", "kv", &json!({ "version": "2" }));
    put_key(leader);
    let role_id = approle(leader, ROLE.into_iter().collect());
    let user = User::new("");
    let file = user.secret_file("secret-id", &secret_id(leader));
    let source = format!("address = {:?}\npath = \"anthropic\"\n", cluster.addresses());
    let auth = approle_auth(&role_id, &format!("{{ file = \"{file}\" }}"));
    user.configure(PROFILE, &(source + &auth));

    let mut calls: Vec<JoinHandle<(Duration, Answer)>> = Vec::new();
    let (mut is_dead, mut is_rotated) = (false, false);
    let started = now();
    while since(started) < LONG {
        calls.push(timed(user.helper()));
        if !is_dead && since(started) >= DEATH {
            leader.kill();
            is_dead = true;
        }
        if !is_rotated && since(started) >= ROTATION {
            let leader = cluster.leader().expect("a new leader");
            leader.write(READ, &json!({ "data": { "api_key": NEW_KEY } }));
            is_rotated = true;
        }
        let calls = u32::try_from(calls.len()).unwrap();
        sleep((PERIOD * calls).saturating_sub(since(started)));
    }

    user.hide(NEW_KEY);
    let mut slowest = Duration::ZERO;
    let mut warnings = 0;
    let mut keys = Vec::new();
    let count = calls.len();
    for call in calls {
        let (took, answer) = call.join().unwrap();
        let answer = user.searched(answer);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        slowest = slowest.max(took);
        warnings += usize::from(!answer.stderr.is_empty());
        keys.push(answer.stdout);
    }
    let log = user.home.state().log();
    let (refreshed, failed): (Vec<_>, Vec<_>) =
        log.iter().partition(|line| line["outcome"] == "refreshed");
    let retried = refreshed.iter().filter(|line| line["attempts"] != 1).count();
    let refreshes = refreshed.len();
    let figures = format!(
        "{count} calls, the slowest took {slowest:?}, {warnings} with a warning; {refreshes} \
         refreshes, {retried} of them at the second attempt or later; failures: {failed:?}"
    );
    assert!(slowest < DEADLINE, "{figures}");
    assert!(count > 500, "{figures}");
    assert!(refreshes > 10, "{figures}");
    // Callers got only these keys, and never the old one after the new one.
    keys.dedup();
    assert_eq!(keys, [KEY, NEW_KEY], "{figures}");
    println!("{figures}");
}

/// Runs a call in a thread of its own, and measures its time.
fn timed(call: Call) -> JoinHandle<(Duration, Answer)> {
    thread::spawn(move || {
        let started = now();
        let answer = call.run();
        (since(started), answer)
    })
}
