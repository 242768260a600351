use std::time::Duration;

use api_key_helper_cache::Demand;
use api_key_helper_values::{Error, ErrorKind};

use super::lab::{HOUR, Lab, key};
use super::source::{Does, Script, answer, down};
use crate::Source;

const SECOND: Duration = Duration::from_secs(1);

/// A lab with a source whose only key, `old`, is stale.
fn stale() -> (Lab, Script) {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("old")]);
    lab.key(&[script.source("a")]);
    lab.pass(2 * HOUR);
    script.asked();
    lab.log();
    lab.sleeps();
    (lab, script)
}

#[test]
fn stale_key_is_printed_with_one_warning_during_an_outage() {
    let (lab, script) = stale();
    script.then(down(4));
    let outcome = lab.get(&[script.source("a")], Demand::Printable);
    assert_eq!(outcome.warnings, ["using the key that `a` gave 7200 s ago: down"]);
    assert_eq!(key(outcome), "old");
}

#[test]
fn outage_costs_one_attempt_per_cooldown() {
    let (lab, script) = stale();
    let sources = [script.source("a")];
    script.then(down(1_000));
    for _ in 0..3_000 {
        let outcome = lab.get(&sources, Demand::Printable);
        assert_eq!(outcome.warnings.len(), 1);
        assert_eq!(key(outcome), "old");
        lab.pass(SECOND / 10);
    }
    // Four attempts for the first failure. Then the cooldowns, of which chance leaves three
    // quarters, are 0.75, 1.5, 3, 6, 12, 24, 48, 96 and 192 s long.
    assert_eq!(script.asked().len(), 4 + 8);
}

#[test]
fn first_call_after_a_cooldown_gets_the_new_key() {
    let (lab, script) = stale();
    let sources = [script.source("a")];
    script.then(down(4).chain([answer("new")]));
    lab.get(&sources, Demand::Printable);
    lab.pass(SECOND / 2);
    assert_eq!(key(lab.get(&sources, Demand::Printable)), "old");
    lab.pass(SECOND / 2);
    assert_eq!(lab.key(&sources), "new");
    assert!(lab.failure(&sources[0].planned.id).is_none());
}

#[test]
fn cooldown_without_a_key_repeats_the_error() {
    let lab = Lab::default();
    let script = Script::new(&lab, down(4));
    let sources = [script.source("a")];
    let error = lab.error(&sources);
    let before = lab.now();
    assert_eq!(lab.error(&sources), error);
    assert_eq!(lab.now(), before);
    lab.pass(SECOND);
    script.then(down(1));
    assert_eq!(lab.error(&sources), error);
    assert_eq!(script.asked().len(), 5);
}

#[test]
fn cooldown_counts_from_the_failure_and_not_from_the_request() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Take(4 * SECOND)].into_iter().chain(down(1)));
    let sources = [Source { retries: 0, ..script.source("a") }];
    lab.error(&sources);
    assert_eq!(lab.failure(&sources[0].planned.id).unwrap().failed_at(), lab.now());
    // Chance leaves three quarters of its second.
    lab.pass(SECOND / 2);
    lab.error(&sources);
    assert_eq!(script.asked().len(), 1);
}

#[test]
fn cooldown_with_a_stale_key_starts_no_background_refresh() {
    let (lab, script) = stale();
    let sources = [script.source("a")];
    script.then(down(4));
    lab.get(&sources, Demand::Printable);
    let answer = lab.get(&sources, Demand::Printable).answer.unwrap();
    assert!(!answer.refresh && !answer.is_new);
}

#[test]
fn cooldown_without_a_key_is_at_most_30_seconds() {
    let lab = Lab::default();
    let script = Script::new(&lab, down(1_000));
    let sources = [script.source("a")];
    for _ in 0..100 {
        lab.error(&sources);
        lab.pass(30 * SECOND);
    }
    assert_eq!(script.asked().len(), 4 + 99);
}

#[test]
fn stale_if_error_over_prints_no_key() {
    let (lab, script) = stale();
    lab.pass(24 * HOUR);
    script.then(down(4));
    assert_eq!(lab.error(&[script.source("a")]).kind(), ErrorKind::Transient);
}

#[test]
fn denied_drops_the_key_and_keeps_the_refresh_token() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Store("renewal"), answer("old")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(2 * HOUR);
    script.then([Does::Fail(Error::denied("no"))]);
    assert_eq!(lab.error(&sources).kind(), ErrorKind::Denied);
    let entry = lab.entry(&sources[0].planned.id).unwrap();
    assert_eq!(entry.key, None);
    assert_eq!(entry.renewal.unwrap().expose(), "renewal");
    assert_eq!(lab.error(&sources).kind(), ErrorKind::Denied);
}

#[test]
fn stale_key_is_not_printed_for_non_transient_failures() {
    use ErrorKind::{Misconfigured, NeedsLogin, NotFound};

    for kind in [Misconfigured, NeedsLogin, NotFound] {
        let (lab, script) = stale();
        script.then([Does::Fail(Error::new(kind, "no"))]);
        assert_eq!(lab.error(&[script.source("a")]).kind(), kind);
    }
}

#[test]
fn due_key_survives_any_background_failure_but_denied() {
    use ErrorKind::{Denied, Misconfigured, NeedsLogin, NotFound, Transient};

    for kind in [Misconfigured, NeedsLogin, NotFound, Transient, Denied] {
        let lab = Lab::default();
        let script = Script::new(&lab, [answer("old")]);
        let sources = [script.source("a")];
        lab.key(&sources);
        lab.pass(HOUR);
        let mut source = script.source("a");
        source.retries = 0;
        script.then([Does::Fail(Error::new(kind, "no"))]);
        let _ = lab.get(&[source], Demand::Fresh);
        let outcome = lab.get(&sources, Demand::Printable);
        if kind == Denied {
            assert_eq!(outcome.answer.unwrap_err().kind(), Denied);
        } else {
            let answer = outcome.answer.unwrap();
            assert_eq!(answer.key.expose(), "old");
            assert!(!answer.refresh, "{kind:?}: nobody asks in the pause");
        }
    }
}

#[test]
fn misconfigured_source_has_no_cooldown_after_the_fix() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Fail(Error::misconfigured("no")), answer("one")]);
    let sources = [script.source("a")];
    assert_eq!(lab.error(&sources).kind(), ErrorKind::Misconfigured);
    assert_eq!(lab.key(&sources), "one");
}

#[test]
fn get_refresh_ignores_the_cooldown() {
    let (lab, script) = stale();
    let sources = [script.source("a")];
    script.then(down(8).chain([answer("new")]));
    lab.get(&sources, Demand::Printable);
    let now = lab.now();
    // With all its attempts, and the old key if they fail.
    assert_eq!(key(lab.get(&sources, Demand::FetchedSince(now))), "old");
    assert_eq!(script.asked().len(), 8);
    assert_eq!(key(lab.get(&sources, Demand::FetchedSince(lab.now()))), "new");
}

#[test]
fn error_that_names_the_cached_key_is_redacted() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("sk-old-key-1")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(26 * HOUR);
    let said = Error::denied("key sk-old-key-1 was revoked").with_hint("forget sk-old-key-1");
    script.then([Does::Fail(said)]);
    let error = lab.error(&sources);
    assert_eq!(error.message(), "key [redacted] was revoked");
    assert_eq!(error.hint(), Some(&"forget [redacted]".into()));
    assert_eq!(lab.error(&sources), error);
}

#[test]
fn get_refresh_that_falls_back_to_the_cached_key_warns() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("old")].into_iter().chain(down(4)));
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(SECOND);
    let outcome = lab.get(&sources, Demand::FetchedSince(lab.now()));
    assert_eq!(outcome.warnings, ["using the key that `a` gave 1 s ago: down"]);
    assert_eq!(key(outcome), "old");
}
