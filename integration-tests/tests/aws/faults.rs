//! Failures of the network and of AWS, which a proxy simulates: one budget of attempts, then the
//! fallback.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use integration_tests::call::{Answer, Running};
use integration_tests::servers::Microburst;
use integration_tests::wait::{self, now, since};
use serde_json::{Value, json};

use crate::account::{KEY, anybody, credulous};
use crate::user::User;

/// The only proxy, whose rules are for one test at a time.
struct FaultyAws(MutexGuard<'static, Microburst>);

impl FaultyAws {
    /// Returns the proxy without faults.
    fn new() -> Self {
        static PROXY: OnceLock<Mutex<Microburst>> = OnceLock::new();
        let proxy = PROXY.get_or_init(|| Mutex::new(Microburst::before(credulous().address())));
        // A failed test must not fail the others.
        let aws = Self(proxy.lock().unwrap_or_else(PoisonError::into_inner));
        aws.0.rules(&json!([]));
        aws
    }

    /// Applies this fault to the next `times` requests.
    fn turn(&self, fault: &Value, times: u64) {
        let mut rule = fault.clone();
        rule["service"] = json!("*");
        rule["times"] = json!(times);
        self.0.rules(&json!([rule]));
    }

    /// Applies this fault to all requests.
    fn turn_for_good(&self, fault: &Value) {
        self.turn(fault, 1_000_000);
    }

    /// Returns a user who sends requests through the proxy.
    fn user(&self, source: &str) -> User {
        let source = format!("secret_id = \"plain\"\n{source}");
        User::of(self.0.address(), &source).signing_as(&anybody())
    }

    /// Returns the number of requests while `act` runs.
    fn requests<T>(&self, act: impl FnOnce() -> T) -> (T, u64) {
        let before = self.0.requests();
        let result = act();
        (result, self.0.requests() - before)
    }

    /// Waits for `count` requests while `act` runs, each of which is given up before its response.
    /// The proxy may read and count such a request later, and it must not count for the next test.
    fn all_requests<T>(&self, count: u64, act: impl FnOnce() -> T) -> T {
        let before = self.0.requests();
        let result = act();
        wait::until("all requests were read", || {
            let requests = self.0.requests() - before;
            assert!(requests <= count, "{requests} requests");
            (requests == count).then_some(())
        });
        result
    }
}

/// Returns the possible faults, with words of the error.
fn faults() -> [(Value, &'static str); 5] {
    [
        (
            json!({ "error": { "code": "ThrottlingException", "status": 400 } }),
            "`ThrottlingException`",
        ),
        (json!({ "error": { "code": "ServiceUnavailable", "status": 503 } }), "answered 503"),
        (json!({ "reset": true }), "broke off its response"),
        // A complete response with half of its JSON.
        (json!({ "response": { "truncate_frac": 0.5 } }), "but not as aws does"),
        (json!({ "response": { "abort_frac": 0.5 } }), "broke off its response"),
    ]
}

/// Returns a response that comes long after the client has given up.
fn hang() -> Value {
    json!({ "timeout_ms": 4_000 })
}

#[test]
fn transient_aws_faults_are_retried_silently() {
    let aws = FaultyAws::new();
    for (fault, _) in faults() {
        for times in [1, 3] {
            let user = aws.user("retries = 3");
            aws.turn(&fault, times);
            let (answer, requests) = aws.requests(|| user.run());
            answer.assert_key(KEY);
            assert_eq!(requests, times + 1, "{fault}");
            assert_eq!(user.state().log()[0]["attempts"], times + 1);
        }
    }
}

#[test]
fn lasting_aws_fault_is_retried_as_often_as_retries_says() {
    let aws = FaultyAws::new();
    for (fault, words) in faults() {
        for retries in [0, 2] {
            let user = aws.user(&format!("retries = {retries}"));
            aws.turn_for_good(&fault);
            let (answer, requests) = aws.requests(|| user.run());
            answer.assert_error(1, &[words]);
            assert_eq!(requests, retries + 1, "{fault}");
            assert_eq!(user.state().log()[0]["attempts"], retries + 1);
        }
    }
}

#[test]
fn stale_key_is_printed_with_one_warning_during_an_aws_fault() {
    let aws = FaultyAws::new();
    for (fault, words) in faults() {
        aws.0.rules(&json!([]));
        let user = aws.user("retries = 2");
        user.run().assert_key(KEY);
        user.outlive_ttl();
        aws.turn_for_good(&fault);

        let (answer, requests) = aws.requests(|| user.run());

        answer.assert_warned(KEY, &["using the key that `aws` gave", words]);
        assert_eq!(requests, 3, "{fault}");

        // The warning ends with the fault.
        aws.0.rules(&json!([]));
        user.state().end_pause("aws");
        user.run().assert_key(KEY);
        assert_eq!(user.state().failure("aws"), None);
    }
}

/// Cooldowns are at least half a second long, and one attempt follows each.
#[test]
fn aws_failure_cooldown_spares_the_server_from_a_crowd() {
    let aws = FaultyAws::new();
    let (fault, words) = &faults()[0];
    for has_key in [true, false] {
        aws.0.rules(&json!([]));
        let user = aws.user("retries = 1");
        if has_key {
            user.run().assert_key(KEY);
            user.outlive_ttl();
        }
        aws.turn_for_good(fault);
        let start = now();
        let (answers, requests) = aws.requests(|| {
            let first = user.run();
            let running: Vec<_> = (0..50).map(|_| user.call().start()).collect();
            let others = running.into_iter().map(Running::finish);
            [first].into_iter().chain(others).collect::<Vec<Answer>>()
        });
        let pauses = since(start).as_millis() / 500;
        for answer in answers {
            if has_key {
                answer.assert_warned(KEY, &[words]);
            } else {
                answer.assert_error(1, &[words]);
            }
        }
        assert!(u128::from(requests) <= 2 + pauses, "{requests} requests, {pauses} pauses");
        let failures = user.state().failure("aws").unwrap().count();
        assert_eq!(u64::from(failures) + 1, requests, "only the first failure was retried");
    }
}

#[test]
fn get_refresh_ignores_the_cooldown_after_throttling() {
    let aws = FaultyAws::new();
    let user = aws.user("retries = 0");
    aws.turn(&faults()[0].0, 1);
    user.run().assert_error(1, &["`ThrottlingException`", "wait a little"]);
    user.call().args(["get", "--refresh"]).run().assert_key(KEY);
}

#[test]
fn hanging_aws_ends_at_each_timeout() {
    let aws = FaultyAws::new();
    let user = aws.user("timeout = \"1s\"\nretries = 2");
    aws.turn_for_good(&hang());
    let start = now();
    let (answer, took) = aws.all_requests(3, || (user.run(), since(start)));
    answer.assert_error(1, &["did not answer in time"]);
    assert_eq!(user.state().log()[0]["attempts"], 3);
    // Three timeouts and two waits of at most 200 ms and 400 ms take 3.6 s. The rest is for a
    // machine under load: without the timeouts, it would be the deadline's 30 s.
    assert!(took < Duration::from_secs(15), "{took:?}");
}

#[test]
fn hanging_aws_ends_at_the_deadline() {
    let aws = FaultyAws::new();
    for has_key in [true, false] {
        aws.0.rules(&json!([]));
        let user = aws.user("timeout = \"10s\"\nretries = 3");
        if has_key {
            user.run().assert_key(KEY);
            user.outlive_ttl();
        }
        aws.turn_for_good(&hang());
        let start = now();
        let (answer, took) = aws.all_requests(1, || {
            (user.call().args(["get", "--deadline", "3s"]).run(), since(start))
        });
        if has_key {
            answer.assert_warned(KEY, &["did not answer in time"]);
        } else {
            answer.assert_error(1, &["did not answer in time"]);
        }
        // Without the deadline, it would be at least the timeout's 10 s.
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
}
