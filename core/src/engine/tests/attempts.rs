use std::time::Duration;

use super::lab::{HOUR, Lab, key};
use super::source::{Does, Script, answer, credential, down};
use crate::engine::{Demand, Source};
use crate::{Credential, Error, ErrorKind, Moment, Policy};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_miss_fetches_and_a_hit_does_not() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one")]);
    let sources = [script.source("a")];
    assert_eq!(lab.key(&sources), "one");
    assert_eq!(lab.key(&sources), "one");
    assert_eq!(script.asked().len(), 1);
    assert_eq!(lab.log(), ["a x1: one"]);
}

#[test]
fn a_transient_failure_is_retried() {
    let lab = Lab::default();
    let script = Script::new(&lab, down(3).chain([answer("one")]));
    assert_eq!(lab.key(&[script.source("a")]), "one");
    // Full jitter with a chance of one half, from 200 ms on.
    assert_eq!(lab.sleeps(), [100, 200, 400].map(Duration::from_millis));
    assert_eq!(lab.log(), ["a x4: one"]);
}

#[test]
fn the_retries_end() {
    let lab = Lab::default();
    let script = Script::new(&lab, down(4));
    assert_eq!(lab.error(&[script.source("a")]), Error::transient("down"));
    assert_eq!(script.asked().len(), 4);
}

#[test]
fn other_failures_are_not_retried() {
    use ErrorKind::{Denied, Misconfigured, NeedsLogin, NotFound, Rejected};

    for kind in [Denied, Misconfigured, NeedsLogin, NotFound, Rejected] {
        let lab = Lab::default();
        let script = Script::new(&lab, [Does::Fail(Error::new(kind, "no"))]);
        assert_eq!(lab.error(&[script.source("a")]).kind(), kind);
        assert_eq!(script.asked().len(), 1);
    }
}

#[test]
fn the_servers_wait_is_waited() {
    let lab = Lab::default();
    let busy = Error::transient("busy").with_retry_after(seconds(7));
    let script = Script::new(&lab, [Does::Fail(busy), answer("one")]);
    assert_eq!(lab.key(&[script.source("a")]), "one");
    assert_eq!(lab.sleeps(), [seconds(7) + Duration::from_millis(100)]);
}

/// A server that refuses so many requests because it has too much to do.
fn busy(times: usize) -> impl Iterator<Item = Does> {
    let error = Error::transient("busy").with_retry_after(seconds(1));
    std::iter::repeat_with(move || Does::Fail(error.clone())).take(times)
}

#[test]
fn who_has_no_key_waits_until_a_busy_server_has_time() {
    let lab = Lab::default();
    let script = Script::new(&lab, busy(6).chain([answer("one")]));
    assert_eq!(lab.key(&[script.source("a")]), "one");
    assert_eq!(lab.log(), ["a x7: one"]);
}

#[test]
fn who_has_no_key_waits_for_a_busy_server_until_the_deadline() {
    let lab = Lab::default();
    let before = lab.now();
    let script = Script::new(&lab, busy(20));
    let sources = [script.source("a")];
    assert_eq!(lab.error(&sources).message(), "busy");
    assert!(lab.now().since(before) <= seconds(30));
    let attempts = script.asked().len();
    assert!((10..20).contains(&attempts), "{attempts}");
    // From then on it is known to fail, and looked after by one attempt a pause.
    lab.pass(seconds(30));
    assert_eq!(lab.error(&sources).message(), "busy");
    assert_eq!(script.asked().len(), 1);
}

#[test]
fn who_has_a_key_does_not_wait_for_a_busy_server() {
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
fn nobody_behind_an_answer_waits_for_a_busy_server() {
    let lab = Lab::default();
    let script = Script::new(&lab, busy(4));
    assert!(lab.get(&[script.source("a")], Demand::Fresh).answer.is_err());
    assert_eq!(script.asked().len(), 4);
}

#[test]
fn the_keys_of_a_rush_are_spread() {
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
fn a_wait_beyond_the_deadline_is_not_begun() {
    let lab = Lab::default();
    let busy = Error::transient("busy").with_retry_after(seconds(31));
    let script = Script::new(&lab, [Does::Fail(busy.clone())]);
    let source = script.source("a");
    let id = source.planned.id.clone();
    assert_eq!(lab.error(&[source]), busy);
    assert_eq!(lab.sleeps(), [Duration::ZERO; 0]);
    // It is remembered instead, as long as nobody has a key.
    assert!(lab.failure(&id).unwrap().pauses(lab.now().plus(seconds(29)), false));
}

#[test]
fn an_attempt_has_its_time() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Hang, answer("one")]);
    assert_eq!(lab.key(&[script.source("a")]), "one");
    assert_eq!(lab.sleeps(), [seconds(10), Duration::from_millis(100)]);
}

#[test]
fn an_attempt_in_the_last_moment_is_not_begun() {
    let lab = Lab::default();
    let slow = || [Does::Take(Duration::from_millis(9_600)), Does::Fail(Error::transient("slow"))];
    let script = Script::new(&lab, (0..3).flat_map(|_| slow()));
    // 900 ms are left, and the next wait would be 400 of them.
    assert_eq!(lab.error(&[script.source("a")]), Error::transient("slow"));
    assert_eq!(script.asked().len(), 3);
}

#[test]
fn a_call_has_its_deadline() {
    let lab = Lab::default();
    let before = lab.now();
    let script = Script::new(&lab, (0..9).map(|_| Does::Hang));
    let error = lab.error(&[script.source("a")]);
    assert!(error.message().contains("did not answer within"), "{error}");
    assert!(lab.now().since(before) <= seconds(30));
    assert_eq!(script.asked().len(), 3);
}

#[test]
fn what_was_too_short_is_named() {
    let hint = |timeout| {
        let lab = Lab::default();
        let script = Script::new(&lab, (0..9).map(|_| Does::Hang));
        let error = lab.error(&[Source { timeout, ..script.source("a") }]);
        error.hint().unwrap().to_owned()
    };
    let timeout = "if it is slow by nature, raise `timeout` in `[source.a]`";
    assert_eq!(hint(seconds(7)), timeout);
    for cut_by_the_deadline in [10, 60] {
        let both = format!("{timeout}, and `deadline` in the profile");
        assert_eq!(hint(seconds(cut_by_the_deadline)), both);
    }
}

#[test]
fn a_lifetime_counts_from_the_question() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Take(seconds(4)), answer("one")]);
    let source = script.source("a");
    let (id, before) = (source.planned.id.clone(), lab.now());
    lab.key(&[source]);
    assert_eq!(lab.entry(&id).unwrap().validity.fetched_at, before);
}

#[test]
fn the_end_is_the_earliest_that_is_known() {
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
    Credential { expires_at: end.map(Into::into), ..credential }
}

#[test]
fn a_key_that_has_ended_is_not_printed() {
    let lab = Lab::default();
    let ended = until(credential("old"), Some(lab.now()));
    let script = Script::new(&lab, [Does::Answer(ended), answer("new")]);
    assert_eq!(lab.key(&[script.source("a")]), "new");
}

#[test]
fn a_next_key_that_should_be_there_already_says_nothing() {
    let lab = Lab::default();
    let refresh_at = Some(lab.now().into());
    let script = Script::new(&lab, [Does::Answer(Credential { refresh_at, ..credential("one") })]);
    let sources = [script.source("a")];
    lab.key(&sources);
    assert!(!lab.get(&sources, Demand::Printable).answer.unwrap().refresh);
}

#[test]
fn ttl_zero_asks_each_time() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one"), answer("two")]);
    let sources = [script.source("a")];
    let policy = Policy { ttl: Duration::ZERO, ..Policy::default() };
    let get = || key(lab.call(&sources, &policy, Duration::ZERO, Demand::Printable));
    assert_eq!((get(), get()), ("one".to_owned(), "two".to_owned()));
}

#[test]
fn two_policies_judge_one_entry() {
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
fn another_environment_is_a_miss() {
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
fn what_is_due_is_printed_and_refreshed_behind() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(HOUR);
    let outcome = lab.get(&sources, Demand::Printable);
    assert!(outcome.answer.as_ref().unwrap().refresh);
    assert_eq!(key(outcome), "one");
    script.asked();
    // What is started then asks, once.
    script.then([answer("two")]);
    assert_eq!(key(lab.get(&sources, Demand::Fresh)), "two");
    assert_eq!(key(lab.get(&sources, Demand::Fresh)), "two");
    assert_eq!(script.asked().len(), 1);
}
