use std::time::Duration;

use api_key_helper_cache::Demand;
use api_key_helper_values::{Error, ErrorKind};

use super::lab::{HOUR, Lab, key};
use super::source::{Does, Script, answer, down};
use crate::Source;

const SECOND: Duration = Duration::from_secs(1);

fn pair(
    lab: &Lab,
    first: impl IntoIterator<Item = Does>,
    second: impl IntoIterator<Item = Does>,
) -> (Script, Script, [Source; 2]) {
    let (a, b) = (Script::new(lab, first), Script::new(lab, second));
    let sources = [a.source("a"), b.source("b")];
    (a, b, sources)
}

#[test]
fn fallback_is_not_fetched_when_the_first_source_answers() {
    let lab = Lab::default();
    let (_, b, sources) = pair(&lab, [answer("a")], []);
    assert_eq!(lab.key(&sources), "a");
    assert_eq!(b.asked().len(), 0);
}

#[test]
fn fallback_is_fetched_when_the_first_source_is_down_or_not_found() {
    for kind in [ErrorKind::Transient, ErrorKind::NotFound] {
        let lab = Lab::default();
        let fail = |_| Does::Fail(Error::new(kind, "no"));
        let (_, _, sources) = pair(&lab, (0..4).map(fail), [answer("b")]);
        assert_eq!(lab.key(&sources), "b");
    }
}

#[test]
fn retry_after_is_not_waited_with_a_fallback_source() {
    let lab = Lab::default();
    let busy = |_| Does::Fail(Error::transient("busy").with_retry_after(SECOND));
    let (a, _, sources) = pair(&lab, (0..4).map(busy), [answer("b")]);
    assert_eq!(lab.key(&sources), "b");
    assert_eq!(a.asked().len(), 4);
}

#[test]
fn fallback_is_not_fetched_after_denied_misconfigured_or_needs_login() {
    use ErrorKind::{Denied, Misconfigured, NeedsLogin};

    for kind in [Denied, Misconfigured, NeedsLogin] {
        let lab = Lab::default();
        let (_, b, sources) = pair(&lab, [Does::Fail(Error::new(kind, "no"))], []);
        assert_eq!(lab.error(&sources).kind(), kind);
        // The same again in the cooldown, without a request to either.
        if kind != Misconfigured {
            assert_eq!(lab.error(&sources).kind(), kind);
        }
        assert_eq!(b.asked().len(), 0);
    }
}

#[test]
fn fallback_key_is_used_only_after_failures() {
    let lab = Lab::default();
    let (a, b, sources) = pair(&lab, [answer("a")], [answer("b")]);
    assert_eq!(lab.key(&sources[1..]), "b");
    assert_eq!(lab.key(&sources), "a");
    assert_eq!((a.asked().len(), b.asked().len()), (1, 1));
}

#[test]
fn cooldown_source_is_skipped_and_retried_in_the_background() {
    let lab = Lab::default();
    let (a, b, sources) = pair(&lab, down(4), [answer("b")]);
    assert_eq!(lab.key(&sources), "b");
    a.asked();
    // In the cooldown: the other's key, without a request.
    let outcome = lab.get(&sources, Demand::Printable);
    assert!(!outcome.answer.as_ref().unwrap().refresh);
    assert_eq!(key(outcome), "b");
    assert_eq!(a.asked().len(), 0);
    // After it: still at once, and the first source is asked in the background.
    lab.pass(SECOND);
    let outcome = lab.get(&sources, Demand::Printable);
    assert!(outcome.answer.as_ref().unwrap().refresh);
    assert_eq!(key(outcome), "b");
    a.then([answer("a")]);
    assert_eq!(key(lab.get(&sources, Demand::Fresh)), "a");
    // It works again, and is preferred again.
    assert_eq!(lab.key(&sources), "a");
    assert_eq!((a.asked().len(), b.asked().len()), (1, 1));
}

#[test]
fn stale_key_of_the_first_source_beats_the_fallback() {
    let lab = Lab::default();
    let (a, b, sources) = pair(&lab, [answer("a")], []);
    lab.key(&sources);
    lab.pass(2 * HOUR);
    a.then(down(4));
    assert_eq!(key(lab.get(&sources, Demand::Printable)), "a");
    assert_eq!(b.asked().len(), 0);
}

#[test]
fn fallback_failure_reports_the_first_sources_error() {
    let lab = Lab::default();
    let no = |text: &str| Does::Fail(Error::not_found(text));
    let (_, b, sources) = pair(&lab, [no("a")], [no("b")]);
    assert_eq!(lab.error(&sources).message(), "a");
    // Both are in their cooldown: the first one's error.
    assert_eq!(lab.error(&sources).message(), "a");
    // Only the first one is in its cooldown: the error of the source that was asked.
    lab.steps();
    let id = &sources[1].planned.id;
    let lab2 = Lab::default();
    let failure = lab.failure(&sources[0].planned.id).unwrap();
    lab2.put(&sources[0].planned.id.failure_file(), &failure.encode());
    b.then([no("b again")]);
    assert_eq!(lab2.error(&sources).message(), "b again");
    assert!(lab2.failure(id).is_some());
}

#[test]
fn fallback_gets_its_share_of_the_deadline() {
    let lab = Lab::default();
    let hangs = (0..9).map(|_| Does::Hang);
    let (_, _, sources) = pair(&lab, hangs, [Does::Take(14 * SECOND), answer("b")]);
    let mut sources = sources;
    sources[1].timeout = 15 * SECOND;
    let before = lab.now();
    assert_eq!(lab.key(&sources), "b");
    assert!(lab.now().since(before) <= 30 * SECOND);
}

#[test]
fn profile_without_sources_is_misconfigured() {
    assert_eq!(Lab::default().error(&[]).kind(), ErrorKind::Misconfigured);
}
