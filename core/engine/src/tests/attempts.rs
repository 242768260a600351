use std::time::{Duration, SystemTime};

use api_key_helper_backend::Credential;
use api_key_helper_cache::{Demand, Policy};
use api_key_helper_values::{Error, ErrorKind, Moment};

use super::lab::{HOUR, Lab, key};
use super::source::{Does, Script, answer, credential, down};
use crate::Source;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn cache_miss_fetches_and_a_hit_does_not() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one")]);
    let sources = [script.source("a")];
    assert_eq!(lab.key(&sources), "one");
    assert_eq!(lab.key(&sources), "one");
    assert_eq!(script.asked().len(), 1);
    assert_eq!(lab.log(), ["a x1: one"]);
}

#[test]
fn transient_failure_is_retried_with_backoff() {
    let lab = Lab::default();
    let script = Script::new(&lab, down(3).chain([answer("one")]));
    assert_eq!(lab.key(&[script.source("a")]), "one");
    // Full jitter with a random number of one half, from 200 ms on.
    assert_eq!(lab.sleeps(), [100, 200, 400].map(Duration::from_millis));
    assert_eq!(lab.log(), ["a x4: one"]);
}

#[test]
fn backend_warning_is_shown_once_despite_retries() {
    let lab = Lab::default();
    let steps = [Does::Warn("w"), Does::Fail(Error::transient("down")), Does::Warn("w")];
    let script = Script::new(&lab, steps.into_iter().chain([answer("one")]));
    let outcome = lab.get(&[script.source("a")], Demand::Printable);
    assert_eq!(outcome.warnings, ["w"]);
    assert_eq!(key(outcome), "one");
}

#[test]
fn transient_failure_is_retried_as_often_as_retries_says() {
    let lab = Lab::default();
    let script = Script::new(&lab, down(4));
    assert_eq!(lab.error(&[script.source("a")]), Error::transient("down"));
    assert_eq!(script.asked().len(), 4);
}

#[test]
fn denied_misconfigured_needs_login_and_not_found_are_not_retried() {
    use ErrorKind::{Denied, Misconfigured, NeedsLogin, NotFound, Rejected};

    for kind in [Denied, Misconfigured, NeedsLogin, NotFound, Rejected] {
        let lab = Lab::default();
        let script = Script::new(&lab, [Does::Fail(Error::new(kind, "no"))]);
        assert_eq!(lab.error(&[script.source("a")]).kind(), kind);
        assert_eq!(script.asked().len(), 1);
    }
}

#[test]
fn retry_after_is_waited_between_attempts() {
    let lab = Lab::default();
    let busy = Error::transient("busy").with_retry_after(seconds(7));
    let script = Script::new(&lab, [Does::Fail(busy), answer("one")]);
    assert_eq!(lab.key(&[script.source("a")]), "one");
    assert_eq!(lab.sleeps(), [seconds(7) + Duration::from_millis(100)]);
}

/// A server that is too busy for this many requests.
fn busy(times: usize) -> impl Iterator<Item = Does> {
    let error = Error::transient("busy").with_retry_after(seconds(1));
    std::iter::repeat_with(move || Does::Fail(error.clone())).take(times)
}

#[test]
fn retry_after_without_a_key_is_waited_beyond_retries() {
    let lab = Lab::default();
    let script = Script::new(&lab, busy(6).chain([answer("one")]));
    assert_eq!(lab.key(&[script.source("a")]), "one");
    assert_eq!(lab.log(), ["a x7: one"]);
}

#[test]
fn retry_after_without_a_key_is_waited_until_the_deadline() {
    let lab = Lab::default();
    let before = lab.now();
    let script = Script::new(&lab, busy(20));
    let sources = [script.source("a")];
    assert_eq!(lab.error(&sources).message(), "busy");
    assert!(lab.now().since(before) <= seconds(30));
    let attempts = script.asked().len();
    assert!((10..20).contains(&attempts), "{attempts}");
    // From then on it is known to fail, and gets one attempt after each cooldown.
    lab.pass(seconds(30));
    assert_eq!(lab.error(&sources).message(), "busy");
    assert_eq!(script.asked().len(), 1);
}

#[test]
fn retry_after_with_a_key_is_not_waited_beyond_retries() {
    for (age, demand) in [(HOUR, Demand::Fresh), (2 * HOUR, Demand::Printable)] {
        let lab = Lab::default();
        let script = Script::new(&lab, [answer("old")].into_iter().chain(busy(4)));
        let sources = [script.source("a")];
        lab.key(&sources);
        lab.pass(age);
        script.asked();
        assert_eq!(key(lab.get(&sources, demand)), "old");
        assert_eq!(script.asked().len(), 4, "{demand:?}");
    }
}

#[test]
fn retry_after_in_the_background_refresh_is_not_waited_beyond_retries() {
    let lab = Lab::default();
    let script = Script::new(&lab, busy(4));
    assert!(lab.get(&[script.source("a")], Demand::Fresh).answer.is_err());
    assert_eq!(script.asked().len(), 4);
}

#[test]
fn ttl_jitter_spreads_the_keys_of_a_stampede() {
    let jitter = |steps: &mut dyn Iterator<Item = Does>| {
        let lab = Lab::default();
        let sources = [Script::new(&lab, steps).source("a")];
        while lab.get(&sources, Demand::Printable).answer.is_err() {
            lab.pass(seconds(1));
        }
        lab.entry(&sources[0].planned.id).unwrap().validity.jitter
    };
    assert_eq!(jitter(&mut [answer("one")].into_iter()), 0.5);
    assert_eq!(jitter(&mut down(1).chain([answer("one")])), 2.5);
    assert_eq!(jitter(&mut down(4).chain([answer("one")])), 2.5);
}

#[test]
fn retry_after_beyond_the_deadline_is_not_waited() {
    let lab = Lab::default();
    let busy = Error::transient("busy").with_retry_after(seconds(31));
    let script = Script::new(&lab, [Does::Fail(busy.clone())]);
    let source = script.source("a");
    let id = source.planned.id.clone();
    assert_eq!(lab.error(&[source]), busy);
    assert_eq!(lab.sleeps(), [Duration::ZERO; 0]);
    // The time is remembered instead, as long as there is no key.
    let failure = lab.failure(&id).unwrap().last();
    assert!(failure.pause_until(lab.now().plus(seconds(29)), false).is_some());
}

#[test]
fn attempt_that_hangs_ends_at_timeout() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Hang, answer("one")]);
    assert_eq!(lab.key(&[script.source("a")]), "one");
    assert_eq!(lab.sleeps(), [seconds(10), Duration::from_millis(100)]);
}

#[test]
fn attempt_is_not_begun_just_before_the_deadline() {
    let lab = Lab::default();
    let slow = || [Does::Take(Duration::from_millis(9_600)), Does::Fail(Error::transient("slow"))];
    let script = Script::new(&lab, (0..3).flat_map(|_| slow()));
    // 900 ms are left, and the next wait would take 400 of them.
    assert_eq!(lab.error(&[script.source("a")]), Error::transient("slow"));
    assert_eq!(script.asked().len(), 3);
}

#[test]
fn call_that_hangs_ends_at_its_deadline() {
    let lab = Lab::default();
    let before = lab.now();
    let script = Script::new(&lab, (0..9).map(|_| Does::Hang));
    let error = lab.error(&[script.source("a")]);
    assert!(error.message().contains("did not answer within"), "{error}");
    assert!(lab.now().since(before) <= seconds(30));
    assert_eq!(script.asked().len(), 3);
}

#[test]
fn timeout_or_deadline_that_was_too_short_is_named() {
    let hint = |timeout| {
        let lab = Lab::default();
        let script = Script::new(&lab, (0..9).map(|_| Does::Hang));
        let error = lab.error(&[Source { timeout, ..script.source("a") }]);
        error.hint().unwrap().to_string()
    };
    let timeout = "if it is slow by nature, raise `timeout` in `[source.a]`";
    assert_eq!(hint(seconds(7)), timeout);
    for cut_by_the_deadline in [10, 60] {
        let both = format!("{timeout}, and `deadline` in the profile");
        assert_eq!(hint(seconds(cut_by_the_deadline)), both);
    }
}

#[test]
fn lifetime_counts_from_the_request() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Take(seconds(4)), answer("one")]);
    let source = Source { lifetime: Some(seconds(60)), ..script.source("a") };
    let (id, before) = (source.planned.id.clone(), lab.now());
    lab.key(&[source]);
    let entry = lab.entry(&id).unwrap();
    assert_eq!(entry.validity.fetched_at, before);
    assert_eq!(entry.validity.expires_at, Some(before.plus(seconds(60))));
    assert_eq!(entry.key_since, before);
}

#[test]
fn lifetime_after_a_retry_counts_from_the_attempt_that_was_answered() {
    let lab = Lab::default();
    let slow_failure = [Does::Take(seconds(4))].into_iter().chain(down(1));
    let script = Script::new(&lab, slow_failure.chain([Does::Take(seconds(3)), answer("one")]));
    let source = Source { lifetime: Some(seconds(60)), ..script.source("a") };
    let id = source.planned.id.clone();
    lab.key(&[source]);
    let answered_at = lab.now();
    let validity = lab.entry(&id).unwrap().validity;
    assert_eq!(validity.fetched_at, answered_at.minus(seconds(3)));
    assert_eq!(validity.expires_at, Some(answered_at.plus(seconds(57))));
}

#[test]
fn key_that_expired_during_its_fetch_is_not_printed() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Take(seconds(4)), answer("late"), answer("timely")]);
    let source = Source { lifetime: Some(seconds(4)), ..script.source("a") };
    assert_eq!(lab.key(&[source]), "timely");
}

#[test]
fn refresh_at_between_request_and_answer_makes_the_key_due() {
    let lab = Lab::default();
    let refresh_at = Some(lab.now().plus(seconds(1)).into());
    let credential = credential("one").with_refresh_at(refresh_at);
    let script = Script::new(&lab, [Does::Take(seconds(4)), Does::Answer(credential)]);
    let sources = [script.source("a")];
    lab.key(&sources);
    assert!(lab.get(&sources, Demand::Printable).answer.unwrap().refresh);
}

#[test]
fn expires_at_is_the_earliest_of_jwt_exp_lifetime_and_answer() {
    // {"exp":1800000900}: 15 minutes after the start.
    let jwt = "e30.eyJleHAiOjE4MDAwMDA5MDB9.c2ln";
    let start = Lab::default().now();
    let at = |time| Some(start.plus(time));
    let rows = [
        (credential("opaque"), None, None),
        (credential("opaque"), Some(HOUR), at(HOUR)),
        (credential(jwt), None, at(seconds(900))),
        (credential(jwt), Some(HOUR), at(seconds(900))),
        (until(credential(jwt), at(HOUR)), None, at(seconds(900))),
        (until(credential("opaque"), at(seconds(60))), Some(HOUR), at(seconds(60))),
    ];
    for (credential, lifetime, expected) in rows {
        let lab = Lab::default();
        let script = Script::new(&lab, [Does::Answer(credential)]);
        let mut source = script.source("a");
        source.lifetime = lifetime;
        let id = source.planned.id.clone();
        lab.key(&[source]);
        assert_eq!(lab.entry(&id).unwrap().validity.expires_at, expected);
    }
}

fn until(credential: Credential, end: Option<Moment>) -> Credential {
    credential.with_expires_at(end.map(SystemTime::from))
}

#[test]
fn expired_key_of_a_source_is_not_printed() {
    let lab = Lab::default();
    let ended = until(credential("old"), Some(lab.now()));
    let script = Script::new(&lab, [Does::Answer(ended), answer("new")]);
    assert_eq!(lab.key(&[script.source("a")]), "new");
}

#[test]
fn expiry_of_zero_is_ignored_beside_another_or_lifetime() {
    // {"exp":1800000900}, and {"exp":0}.
    let [jwt, zero] = ["e30.eyJleHAiOjE4MDAwMDA5MDB9.c2ln", "e30.eyJleHAiOjB9.c2ln"];
    let start = Lab::default().now();
    for (credential, lifetime, expected) in [
        (until(credential(jwt), Some(Moment::EPOCH)), None, seconds(900)),
        (until(credential("opaque"), Some(Moment::EPOCH)), Some(HOUR), HOUR),
        (credential(zero), Some(HOUR), HOUR),
        (until(credential(zero), Some(start.plus(seconds(60)))), Some(HOUR), seconds(60)),
    ] {
        let lab = Lab::default();
        let mut source = Script::new(&lab, [Does::Answer(credential)]).source("a");
        source.lifetime = lifetime;
        let id = source.planned.id.clone();
        lab.key(&[source]);
        assert_eq!(lab.entry(&id).unwrap().validity.expires_at, Some(start.plus(expected)));
    }
}

#[test]
fn expiry_of_zero_without_lifetime_names_lifetime() {
    for credential in [
        until(credential("opaque"), Some(Moment::EPOCH)),
        credential("e30.eyJleHAiOjB9.c2ln"),
        credential(
            r#"{"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"0001-01-01T00:00:00Z"}"#,
        ),
    ] {
        let error = refused(credential);
        assert!(error.message().contains("lives for 0 s"), "{error}");
        assert!(
            error.hint().unwrap().to_string().contains("set `lifetime` in `[source.a]`"),
            "{error:?}"
        );
        assert!(!error.report().contains("clock"), "{error:?}");
    }
}

#[test]
fn expiry_of_a_jwt_or_aws_key_that_is_invalid_is_named() {
    // {"exp":"soon"}
    for (key, field) in [
        ("e30.eyJleHAiOiJzb29uIn0.c2ln", "`exp`"),
        (r#"{"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"soon"}"#, "`Expiration`"),
    ] {
        let error = refused(until(credential(key), Some(Lab::default().now().plus(HOUR))));
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert_eq!(error.message(), format!("source `a` gave a key whose {field} is not a time"));
    }
}

#[test]
fn expiry_in_the_past_blames_the_clock_and_one_on_the_way_does_not() {
    let start = Lab::default().now();
    let error = refused(until(credential("old"), Some(start.minus(HOUR))));
    assert!(error.message().ends_with("has already ended, at 2027-01-15T07:00:00Z"), "{error}");
    assert!(error.hint().unwrap().to_string().contains("clock"), "{error:?}");

    let lab = Lab::default();
    let short = until(credential("short"), Some(start.plus(seconds(2))));
    let mut source = Script::new(&lab, [Does::Take(seconds(4)), Does::Answer(short)]).source("a");
    source.retries = 0;
    let error = lab.error(&[source]);
    assert!(error.message().ends_with("it lived for 2.0 s, and the answer took longer"), "{error}");
    assert!(!error.report().contains("clock"), "{error:?}");
}

/// The error for a `credential` that is not used.
fn refused(credential: Credential) -> Error {
    let lab = Lab::default();
    let mut source = Script::new(&lab, [Does::Answer(credential)]).source("a");
    source.retries = 0;
    lab.error(&[source])
}

#[test]
fn refresh_at_in_the_past_is_ignored() {
    let lab = Lab::default();
    let refresh_at = Some(lab.now().into());
    let script = Script::new(&lab, [Does::Answer(credential("one").with_refresh_at(refresh_at))]);
    let sources = [script.source("a")];
    lab.key(&sources);
    assert!(!lab.get(&sources, Demand::Printable).answer.unwrap().refresh);
}

#[test]
fn ttl_zero_fetches_at_each_call() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one"), answer("two")]);
    let sources = [script.source("a")];
    let policy = Policy { ttl: Duration::ZERO, ..Policy::default() };
    let get = || key(lab.call(&sources, &policy, Duration::ZERO, Demand::Printable));
    assert_eq!((get(), get()), ("one".to_owned(), "two".to_owned()));
}

#[test]
fn entry_is_judged_by_each_profiles_ttl_policy() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one"), answer("two")]);
    let sources = [script.source("a")];
    assert_eq!(lab.key(&sources), "one");
    lab.pass(seconds(1_000));
    assert_eq!(lab.key(&sources), "one");
    let short = Policy { ttl: seconds(60), ..Policy::default() };
    assert_eq!(key(lab.call(&sources, &short, Duration::ZERO, Demand::Printable)), "two");
    assert_eq!(lab.key(&sources), "two");
}

#[test]
fn changed_environment_variable_is_a_cache_miss() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one"), answer("two")]);
    let sources = [script.source("a")];
    lab.set_variable("TOKEN", "first");
    assert_eq!(lab.key(&sources), "one");
    lab.set_variable("OTHER", "whatever");
    assert_eq!(lab.key(&sources), "one");
    lab.set_variable("TOKEN", "second");
    assert_eq!(lab.key(&sources), "two");
}

#[test]
fn due_key_is_printed_and_refreshed_in_the_background() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(HOUR);
    let outcome = lab.get(&sources, Demand::Printable);
    assert!(outcome.answer.as_ref().unwrap().refresh);
    assert_eq!(key(outcome), "one");
    script.asked();
    // The background process asks once.
    script.then([answer("two")]);
    assert_eq!(key(lab.get(&sources, Demand::Fresh)), "two");
    assert_eq!(key(lab.get(&sources, Demand::Fresh)), "two");
    assert_eq!(script.asked().len(), 1);
}
