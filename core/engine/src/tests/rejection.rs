//! A key that the API refuses.

use std::time::Duration;

use api_key_helper_cache::{Demand, KeyId, Policy};
use api_key_helper_values::{Error, Key};

use super::lab::{HOUR, Lab, key};
use super::source::{Does, Script, answer, down};
use crate::{OnDisk, Source};

const SECOND: Duration = Duration::from_secs(1);

fn key_id(lab: &Lab, source: &Source) -> KeyId {
    let id = &source.planned.id;
    lab.entry(id).unwrap().key_id(id)
}

/// A source whose key `one` the API refuses, and the demand for another one.
fn refused() -> (Lab, Script, [Source; 1], Demand) {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    let demand = Demand::Another(key_id(&lab, &sources[0]));
    (lab, script, sources, demand)
}

#[test]
fn rejection_key_id_stays_as_long_as_the_source_gives_the_key() {
    let lab = Lab::default();
    let script = Script::new(&lab, ["one", "one", "two", "one"].map(answer));
    let sources = [script.source("a")];
    let mut seen = Vec::new();
    for _ in 0..4 {
        let answer = lab.get(&sources, Demand::FetchedSince(lab.now())).answer.unwrap();
        assert_eq!(answer.key_id, key_id(&lab, &sources[0]));
        seen.push(answer.key_id);
        lab.pass(HOUR);
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[1] != seen[2] && seen[2] != seen[3] && seen[3] != seen[0], "{seen:?}");
}

#[test]
fn rejection_key_id_survives_a_saved_refresh_token_and_not_a_drop() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    let first = key_id(&lab, &sources[0]);
    script.then([Does::Store("renewal"), Does::Fail(Error::denied("no"))]);
    let refresh = || lab.get(&sources, Demand::FetchedSince(lab.now()));
    lab.pass(SECOND);
    refresh().answer.unwrap_err();
    assert_eq!(key_id(&lab, &sources[0]), first);
    script.then([answer("one")]);
    assert_ne!(refresh().answer.unwrap().key_id, first);
}

#[test]
fn rejected_key_is_refetched_once_in_ten_seconds() {
    let (lab, script, sources, refused) = refused();
    script.then([answer("one")]);
    lab.pass(SECOND);
    assert_eq!(key(lab.get(&sources, refused)), "one");
    lab.pass(9 * SECOND);
    assert_eq!(key(lab.get(&sources, refused)), "one");
    assert_eq!(script.asked().len(), 2);
    lab.pass(SECOND);
    script.then([answer("two")]);
    assert_eq!(key(lab.get(&sources, refused)), "two");
    // It is now cached for any call that wants another key than the first.
    lab.pass(60 * SECOND);
    assert_eq!(key(lab.get(&sources, refused)), "two");
    assert_eq!(script.asked().len(), 1);
}

#[test]
fn rejected_key_refetch_limit_counts_from_the_request() {
    let (lab, script, sources, refused) = refused();
    lab.pass(SECOND);
    script.then([Does::Take(4 * SECOND), answer("one")]);
    assert_eq!(key(lab.get(&sources, refused)), "one");
    lab.pass(6 * SECOND);
    script.then([answer("two")]);
    assert_eq!(key(lab.get(&sources, refused)), "two");
}

#[test]
fn rejected_key_is_no_fallback() {
    let (lab, script, sources, refused) = refused();
    script.then(down(4));
    assert_eq!(lab.get(&sources, refused).answer.unwrap_err().message(), "down");
    // In the cooldown no call asks. Another caller, whose key was not refused, still gets it.
    assert_eq!(lab.get(&sources, refused).answer.unwrap_err().message(), "down");
    assert_eq!(lab.key(&sources), "one");
    // It is not printed at the deadline of a caller that waits for another one either.
    lab.pass(HOUR / 2);
    lab.lock(&sources[0]);
    let error = lab.get(&sources, refused).answer.unwrap_err();
    assert!(error.message().contains("still refreshing"), "{error}");
}

#[test]
fn rejected_key_is_refetched_after_a_failed_fetch() {
    let (lab, script, sources, refused) = refused();
    script.then(down(4));
    lab.get(&sources, refused).answer.unwrap_err();
    lab.pass(2 * SECOND);
    script.then([answer("two")]);
    assert_eq!(key(lab.get(&sources, refused)), "two");
}

#[test]
fn rejected_key_is_refetched_from_its_own_source_only() {
    let lab = Lab::default();
    let first = Script::new(&lab, [answer("one")]);
    let second = Script::new(&lab, [answer("spare")]);
    let sources = [first.source("a"), second.source("b")];
    lab.key(&sources);
    lab.key(&[second.source("b")]);
    let refused = Demand::Another(key_id(&lab, &sources[1]));
    assert_eq!(key(lab.get(&sources, refused)), "one");
    assert_eq!(first.asked().len(), 1);
}

#[test]
fn backend_is_told_that_the_last_key_was_rejected() {
    let lab = Lab::default();
    let script = Script::new(&lab, [(); 4].map(|()| Does::TellWhatIsWanted));
    let sources = [script.source("a")];
    assert_eq!(lab.key(&sources), "any");
    let refused = Demand::Another(key_id(&lab, &sources[0]));
    assert_eq!(key(lab.get(&sources, refused)), "another");
    lab.pass(SECOND);
    assert_eq!(key(lab.get(&sources, Demand::FetchedSince(lab.now()))), "another");
    lab.pass(2 * HOUR);
    assert_eq!(key(lab.get(&sources, Demand::Fresh)), "any");
}

#[test]
fn cached_key_on_disk_is_a_hit_or_the_first_sources_last() {
    let lab = Lab::default();
    let (first, second) = (Script::new(&lab, [answer("one")]), Script::default());
    let sources = [first.source("a"), second.source("b")];
    let policy = Policy::default();
    assert_eq!(lab.on_disk(&sources, &policy), None);
    lab.key(&sources);
    let of_the_first = OnDisk {
        key: Key::parse("one").unwrap(),
        key_id: key_id(&lab, &sources[0]),
        expires_at: None,
        source: "a".to_owned(),
    };
    assert_eq!(lab.on_disk(&sources, &policy), Some(of_the_first.clone()));
    // At any age.
    lab.pass(100 * HOUR);
    assert_eq!(lab.on_disk(&sources, &policy), Some(of_the_first));
    first.then(down(4));
    second.then([answer("spare")]);
    assert_eq!(key(lab.get(&sources, Demand::Printable)), "spare");
    assert_eq!(lab.on_disk(&sources, &policy).unwrap().source, "b");
}
