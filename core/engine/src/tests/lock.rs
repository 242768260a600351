use std::time::{Duration, SystemTime};

use api_key_helper_cache::{Demand, KeyId, Policy};
use api_key_helper_values::{Key, Moment, Secret};

use super::lab::{HOUR, Lab, key};
use super::source::{Does, Script, answer, credential, down};
use crate::Source;

const SECOND: Duration = Duration::from_secs(1);

/// A source whose key `old` is stale, and which failed a second ago.
fn outage() -> (Lab, Script, [Source; 1]) {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("old")].into_iter().chain(down(4)));
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(2 * HOUR);
    lab.get(&sources, Demand::Printable);
    lab.pass(SECOND);
    (lab, script, sources)
}

#[test]
fn lock_waiter_takes_the_key_of_the_holder() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("theirs")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    let entry = lab.entry(&sources[0].planned.id).unwrap();
    let id = sources[0].planned.id.clone();

    let lab = Lab::default();
    lab.lock(&sources[0]);
    lab.at(5 * SECOND, move |lab| {
        lab.put_entry(&id, &entry);
        lab.unlock(&id.lock_file());
    });
    assert_eq!(lab.key(&sources), "theirs");
    assert_eq!(script.asked().len(), 1);
    let waited: Duration = lab.sleeps().iter().sum();
    assert!(waited >= 5 * SECOND && waited < 6 * SECOND, "{waited:?}");
}

#[test]
fn entry_use_is_noted_once_despite_a_lock_wait() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("old"), answer("new")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(2 * HOUR);
    lab.lock(&sources[0]);
    let file = sources[0].planned.id.lock_file();
    lab.at(5 * SECOND, move |lab| lab.unlock(&file));
    lab.noted_uses();
    assert_eq!(lab.key(&sources), "new");
    assert!(lab.sleeps().len() > 5);
    assert_eq!(lab.noted_uses(), 1);
}

#[test]
fn lock_waiter_fetches_after_a_dead_holder() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("mine")]);
    let sources = [script.source("a")];
    lab.lock(&sources[0]);
    let file = sources[0].planned.id.lock_file();
    lab.at(5 * SECOND, move |lab| lab.unlock(&file));
    assert_eq!(lab.key(&sources), "mine");
}

#[test]
fn lock_obtained_too_late_before_the_deadline_fetches_nothing() {
    // If it were cut off, the attempt could lose the renewal.
    let renewal = Some(Secret::from("token"));
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Answer(credential("old").with_renewal(renewal))]);
    let sources = [script.source("a")];
    lab.key(&sources);
    assert_eq!(script.asked().len(), 1);
    lab.pass(2 * HOUR);
    for (deadline, left) in [(30, 1_000), (5, 500)] {
        lab.lock(&sources[0]);
        let file = sources[0].planned.id.lock_file();
        lab.at(deadline * SECOND - Duration::from_millis(left - 50), move |lab| lab.unlock(&file));
        let outcome = lab.get_within(&sources, deadline * SECOND);
        let warning = outcome.warnings.concat();
        assert!(warning.ends_with(": there is no time left to ask source `a`"), "{warning}");
        assert_eq!(key(outcome), "old");
        assert_eq!(script.asked().len(), 0);
    }
}

#[test]
fn lock_waiter_takes_the_failure_of_the_holder() {
    let lab = Lab::default();
    let script = Script::new(&lab, down(4));
    let sources = [script.source("a")];
    let error = lab.error(&sources);
    let failure = lab.failure(&sources[0].planned.id).unwrap().encode();
    let id = sources[0].planned.id.clone();

    let lab = Lab::default();
    lab.lock(&sources[0]);
    lab.at(SECOND / 2, move |lab| {
        lab.put(&id.failure_file(), &failure);
        lab.unlock(&id.lock_file());
    });
    assert_eq!(lab.error(&sources), error);
    assert_eq!(script.asked().len(), 4);
}

#[test]
fn lock_timeout_at_the_deadline_prints_the_stale_key() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("old")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(2 * HOUR);
    lab.lock(&sources[0]);
    let before = lab.now();
    let outcome = lab.get(&sources, Demand::Printable);
    assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
    assert_eq!(key(outcome), "old");
    assert_eq!(lab.now().since(before), 30 * SECOND);
    assert!(lab.sleeps().iter().all(|sleep| !sleep.is_zero()));
}

#[test]
fn background_refresh_does_not_wait_for_the_lock() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("old")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(HOUR);
    lab.lock(&sources[0]);
    let before = lab.now();
    assert_eq!(key(lab.get(&sources, Demand::Fresh)), "old");
    assert_eq!(lab.now(), before);
}

#[test]
fn outage_with_a_stale_key_does_not_wait_for_the_lock() {
    let (lab, _, sources) = outage();
    lab.lock(&sources[0]);
    let before = lab.now();
    let outcome = lab.get(&sources, Demand::Printable);
    assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
    assert_eq!(key(outcome), "old");
    assert_eq!(lab.now(), before);
}

#[test]
fn lock_timeout_at_the_deadline_without_a_key_is_explained() {
    let lab = Lab::default();
    let script = Script::new(&lab, []);
    let sources = [script.source("a")];
    lab.lock(&sources[0]);
    let error = lab.error(&sources);
    assert!(error.message().contains("another process is still refreshing"), "{error}");
}

#[test]
fn lock_is_free_after_success_and_failure() {
    let (lab, script, sources) = outage();
    lab.pass(SECOND);
    script.then([answer("two")]);
    assert_eq!(lab.key(&sources), "two");
}

#[test]
fn get_refresh_takes_a_key_fetched_since_its_start() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one"), answer("two")]);
    let sources = [script.source("a")];
    let before = lab.now();
    lab.pass(SECOND);
    lab.key(&sources);
    // Another process fetched after our start.
    assert_eq!(key(lab.get(&sources, Demand::FetchedSince(before))), "one");
    // No other process did.
    lab.pass(SECOND);
    assert_eq!(key(lab.get(&sources, Demand::FetchedSince(lab.now()))), "two");
}

#[test]
fn get_refresh_takes_no_key_that_has_expired() {
    let lab = Lab::default();
    let until = |end| credential("one").with_expires_at(SystemTime::from(end));
    let short = until(lab.now().plus(2 * SECOND));
    let script = Script::new(&lab, [Does::Answer(short), answer("two")]);
    let sources = [script.source("a")];
    let before = lab.now();
    lab.key(&sources);
    lab.pass(2 * SECOND);
    assert_eq!(key(lab.get(&sources, Demand::FetchedSince(before))), "two");
}

#[test]
fn get_refresh_takes_no_key_fetched_at_a_future_clock() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one"), answer("two")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    let id = &sources[0].planned.id;
    let mut entry = lab.entry(id).unwrap();
    entry.validity.fetched_at = lab.now().plus(HOUR);
    lab.put_entry(id, &entry);
    assert_eq!(key(lab.get(&sources, Demand::FetchedSince(lab.now()))), "two");
}

#[test]
fn process_loop_is_refused_for_the_same_source_only() {
    let lab = Lab::default();
    let script = Script::new(&lab, []);
    let sources = [script.source("a")];
    let call = |chain: &str| {
        let policy = Policy::default();
        lab.call_in_chain(&sources, &policy, Duration::ZERO, Demand::Printable, chain)
    };
    let own = sources[0].planned.id.stem();
    let error = call(&format!("b-c-0123456789ab,{own}")).answer.unwrap_err();
    assert!(error.message().ends_with("(b-c -> a)"), "{error}");
    script.then([answer("one")]);
    // Another configuration's source of this name, and names that contain this one.
    assert_eq!(key(call(&format!("a-0123456789ab,b{own},{own}0"))), "one");
}

#[test]
fn outage_skips_the_lock_only_for_any_printable_key() {
    let id = Script::default().source("a").planned.id;
    let demands = [
        (|now, _| Demand::FetchedSince(now)) as fn(Moment, KeyId) -> Demand,
        |_, other| Demand::Another(other),
        |_, other| Demand::Unspent(other),
    ];
    for demand in demands {
        let (lab, _, sources) = outage();
        // The stale key is not the one that the API refuses, so it may be the fallback.
        let other = KeyId { since: lab.now(), source: id.fingerprint };
        let demand = demand(lab.now(), other);
        lab.lock(&sources[0]);
        let id = id.clone();
        let mut entry = lab.entry(&id).unwrap();
        entry.key = Some(Key::parse("new").unwrap());
        entry.key_since = lab.now().plus(SECOND);
        entry.validity.fetched_at = lab.now().plus(SECOND);
        lab.at(2 * SECOND, move |lab| {
            lab.put_entry(&id, &entry);
            lab.unlock(&id.lock_file());
        });
        assert_eq!(key(lab.get(&sources, demand)), "new", "{demand:?}");
    }
}
