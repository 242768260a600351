//! Sources that use others: `outer` uses `inner`.

use std::time::Duration;

use api_key_helper_cache::{Demand, Policy};
use api_key_helper_values::{Error, ErrorKind, Hint, Secret};

use super::chain::{Chain, TAKE};
use super::lab::{HOUR, Lab, key};
use super::source::{Does, Script, answer, credential, down};
use crate::Source;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn inner_source_has_its_own_entry_and_log_line() {
    let chain = Chain::new([TAKE, answer("outer")], [answer("inner")]);
    assert_eq!(chain.lab.key(&chain.sources), "outer");
    assert_eq!(chain.lab.key(&chain.sources), "outer");
    assert_eq!(chain.outer.took(), ["inner"]);
    assert_eq!(chain.counts(), (1, 1));
    assert_eq!(chain.lab.log(), ["inner x1: inner", "outer x1: outer"]);
    assert_eq!(chain.lab.key(&[chain.inner_source]), "inner");
}

#[test]
fn inner_source_ignores_the_callers_ttl() {
    let chain = Chain::new([TAKE, answer("outer")], [answer("inner")]);
    let policy = Policy { ttl: Duration::ZERO, ..Policy::default() };
    for _ in 0..3 {
        chain.lab.call(&chain.sources, &policy, HOUR, Demand::Printable);
        chain.lab.pass(60 * SECOND);
        chain.outer.then([TAKE, answer("outer")]);
    }
    assert_eq!(chain.counts(), (3, 1));
    chain.refreshed();
    assert_eq!(chain.counts(), (1, 0));
    // The inner key has a `ttl` of its own. It is never due, because no background refresh would
    // follow.
    chain.lab.pass(HOUR);
    chain.outer.then([TAKE, answer("outer")]);
    chain.inner.then([answer("newer")]);
    chain.refreshed();
    assert_eq!(chain.counts(), (1, 1));
    assert_eq!(chain.outer.took().last().unwrap(), "newer");
}

#[test]
fn inner_source_failure_is_not_retried_by_the_outer() {
    let chain = Chain::new([TAKE], down(4));
    let error = chain.lab.error(&chain.sources);
    assert_eq!((error.kind(), error.message()), (ErrorKind::Transient, "source `inner`: down"));
    assert_eq!(chain.counts(), (1, 4));
    let failure = |source: &Source| chain.lab.failure(&source.planned.id).unwrap().error();
    assert_eq!(failure(&chain.inner_source).message(), "down");
    assert_eq!(failure(&chain.sources[0]), error);
    // In the cooldown neither source is asked.
    assert_eq!(chain.lab.error(&chain.sources), error);
    assert_eq!(chain.counts(), (0, 0));
}

#[test]
fn inner_source_needs_login_error_is_passed_on() {
    let wants = Error::needs_login("nobody has signed in for `inner`")
        .about("inner")
        .with_hint(Hint::new("run").with_command(["login"]));
    let chain = Chain::new([TAKE], [Does::Fail(wants.clone())]);
    assert_eq!(chain.lab.error(&chain.sources), wants);
    assert_eq!(chain.counts(), (1, 1));
}

#[test]
fn inner_source_that_failed_in_a_chain_of_three_is_named() {
    let lab = Lab::default();
    let failing = Script::new(&lab, [Does::Fail(Error::denied("no"))]).source("first");
    let second = Script::new(&lab, [Does::Resolve("first")]).source_of("second", &[&failing]);
    let third = Script::new(&lab, [Does::Resolve("second")]).source_of("third", &[&second]);
    let error = lab.error(&[third]);
    assert_eq!((error.kind(), error.message()), (ErrorKind::Denied, "source `first`: no"));
}

#[test]
fn inner_source_outage_uses_its_stale_key() {
    let chain = Chain::cached();
    chain.lab.pass(2 * HOUR);
    chain.outer.then([TAKE, answer("newer")]);
    chain.inner.then(down(4));
    let outcome = chain.lab.get(&chain.sources, Demand::Printable);
    assert_eq!(outcome.warnings, ["using the key that `inner` gave 7200 s ago: down"]);
    assert_eq!(key(outcome), "newer");
}

#[test]
fn inner_source_failure_unsaved_on_a_full_disk_holds_for_the_call() {
    let chain = Chain::cached();
    chain.lab.pass(2 * HOUR);
    chain.lab.break_disk("draft");
    chain.outer.then([TAKE, Does::ResolveAnew("inner")]);
    chain.inner.then(down(4));
    let outcome = chain.lab.get(&chain.sources, Demand::Printable);
    assert_eq!(key(outcome), "outer");
    assert_eq!(chain.counts(), (1, 4));
}

#[test]
fn inner_source_refresh_token_unsaved_on_a_full_disk_serves_the_call() {
    let with = |renewal, key| {
        let renewal = Some(Secret::from(renewal));
        Does::Answer(credential(key).with_renewal(renewal))
    };
    let chain = Chain::new([TAKE, answer("outer")], [with("first", "inner")]);
    chain.lab.key(&chain.sources);
    chain.counts();
    chain.lab.pass(2 * HOUR);
    chain.lab.break_disk("publish");
    chain.outer.then([TAKE, Does::ResolveAnew("inner"), answer("newer")]);
    chain.inner.then([with("second", "another"), Does::MendDisk, answer("third")]);
    assert_eq!(chain.refreshed(), "newer");
    let renewals = chain.inner.asked();
    assert_eq!(renewals, [Some("first".to_owned()), Some("second".to_owned())]);
    // It is not lost either: the disk works again.
    let entry = chain.lab.entry(&chain.inner_source.planned.id).unwrap();
    assert_eq!(entry.renewal, Some(Secret::from("second")));
}

#[test]
fn inner_source_time_does_not_count_towards_the_attempts_timeout() {
    let slow = [Does::Take(9 * SECOND), answer("inner")];
    let chain = Chain::new([Does::Take(SECOND), TAKE, Does::TellTimeLeft], slow);
    assert_eq!(chain.lab.key(&chain.sources), "9");
    // But it counts towards the call's time.
    let chain = Chain::new([TAKE, Does::TellTimeLeft], [Does::Take(25 * SECOND), answer("inner")]);
    assert_eq!(chain.lab.key(&chain.sources), "5");
}

#[test]
fn inner_source_that_hangs_leaves_time_for_its_stale_key() {
    let chain = Chain::cached();
    chain.lab.pass(2 * HOUR);
    chain.outer.then([TAKE, Does::TellTimeLeft]);
    chain.inner.then((0..4).map(|_| Does::Hang));
    let before = chain.lab.now();
    assert_eq!(key(chain.lab.get(&chain.sources, Demand::Printable)), "10");
    assert!(chain.lab.now().since(before) <= 20 * SECOND);
}

#[test]
fn inner_source_lock_of_another_process_is_waited_for() {
    let chain = Chain::new([TAKE, Does::TellTimeLeft], [answer("mine")]);
    chain.lab.lock(&chain.inner_source);
    let other = Script::new(&chain.lab, [answer("theirs")]).source("inner");
    chain.lab.at(5 * SECOND, move |lab| {
        lab.unlock(&other.planned.id.lock_file());
        lab.key(&[other]);
    });
    assert_eq!(chain.lab.key(&chain.sources), "10");
    assert_eq!(chain.outer.took(), ["theirs"]);
}

#[test]
fn inner_source_not_named_in_the_settings_is_misconfigured() {
    let chain = Chain::new([Does::Resolve("other")], []);
    let error = chain.lab.error(&chain.sources);
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.message().contains("asks for the key of `other`"), "{error}");
}

#[test]
fn inner_source_sign_in_drops_the_outer_key_and_refresh_token() {
    let signed_in = credential("outer").with_renewal(Secret::from("token"));
    let chain = Chain::new([TAKE, Does::Answer(signed_in.clone())], [answer("inner")]);
    let outer = &chain.sources[0];
    chain.lab.key(&chain.sources);
    chain.lab.forget(outer);
    assert_eq!(chain.lab.entry(&outer.planned.id), None);

    // A sign-in of its own stays.
    chain.outer.then([TAKE, Does::Answer(signed_in)]);
    chain.lab.key(&chain.sources);
    chain.outer.then([TAKE, Does::Fail(Error::not_found("gone"))]);
    chain.refused();
    chain.lab.forget_key(outer).unwrap();
    let entry = chain.lab.entry(&outer.planned.id).unwrap();
    assert_eq!((entry.key, entry.renewal), (None, Some(Secret::from("token"))));
    assert_eq!(chain.lab.failure(&outer.planned.id), None);
}
