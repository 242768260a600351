//! Keys of an inner source with which the outer one was refused, or that it has spent.

use std::time::Duration;

use api_key_helper_values::{Error, ErrorKind};

use super::chain::{Chain, TAKE};
use super::source::{Does, answer, down};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_refusal_with_a_cached_key_is_put_to_the_test_once() {
    use ErrorKind::{Denied, Misconfigured, NeedsLogin};

    for kind in [Denied, Misconfigured, NeedsLogin] {
        let chain = Chain::cached();
        let no = || Does::Fail(Error::new(kind, "no"));
        chain.outer.then([TAKE, no(), TAKE, answer("newer")]);
        chain.inner.then([answer("another")]);
        assert_eq!(chain.refreshed(), "newer");
        assert_eq!(chain.outer.took(), ["inner", "inner", "another"]);
        assert_eq!(chain.counts(), (2, 1));
        // If it does not help, the refusal counts.
        chain.lab.pass(60 * SECOND);
        chain.outer.then([TAKE, no(), TAKE, no()]);
        chain.inner.then([answer("third")]);
        assert_eq!(chain.refused().kind(), kind);
        assert_eq!(chain.counts(), (2, 1));
    }
}

#[test]
fn a_refusal_with_a_new_key_counts() {
    let no = Does::Fail(Error::denied("no"));
    let chain = Chain::new([TAKE, no], [answer("inner")]);
    assert_eq!(chain.lab.error(&chain.sources).kind(), ErrorKind::Denied);
    assert_eq!(chain.counts(), (1, 1));
}

#[test]
fn an_inner_key_that_was_just_fetched_for_a_refusal_is_not_fetched_again() {
    let chain = Chain::cached();
    let no = || Does::Fail(Error::denied("no"));
    chain.outer.then([TAKE, no(), TAKE, no()]);
    chain.inner.then([answer("another")]);
    chain.refused();
    chain.outer.then([TAKE, no(), TAKE, no()]);
    chain.refused();
    assert_eq!(chain.counts(), (4, 1));
}

#[test]
fn a_refusal_that_cannot_be_put_to_the_test_counts() {
    let chain = Chain::cached();
    let no = || Does::Fail(Error::denied("no"));
    chain.outer.then([TAKE, no(), TAKE]);
    chain.inner.then(down(4));
    assert_eq!(chain.refused().kind(), ErrorKind::Denied);
    // The key that was cached is gone, as after every such refusal.
    assert_eq!(chain.lab.entry(&chain.sources[0].planned.id).unwrap().key, None);

    let chain = Chain::cached();
    chain.outer.then([TAKE, no()]);
    chain.outer.then(down(3).flat_map(|down| [TAKE, down]));
    chain.inner.then([answer("another")]);
    assert_eq!(chain.refused().kind(), ErrorKind::Denied);
}

#[test]
fn a_refusal_for_which_the_inner_source_has_the_reason_is_told_by_that_one() {
    let chain = Chain::cached();
    chain.outer.then([TAKE, Does::Fail(Error::denied("no")), TAKE]);
    chain.inner.then([Does::Fail(Error::needs_login("the sign-in of `inner` has ended"))]);
    let error = chain.refused();
    assert_eq!(error.kind(), ErrorKind::NeedsLogin);
    assert_eq!(error.message(), "the sign-in of `inner` has ended");
}

#[test]
fn a_key_that_was_spent_is_not_given_again() {
    let chain = Chain::cached();
    chain.outer.then([TAKE, Does::ResolveAnew("inner"), answer("newer")]);
    chain.inner.then([answer("another")]);
    chain.refreshed();
    assert_eq!(chain.outer.took(), ["inner", "inner", "another"]);
    assert_eq!(chain.counts(), (1, 1));
    // Not even one that was fetched a moment ago because another one was spent.
    chain.outer.then([TAKE, Does::ResolveAnew("inner"), answer("newer")]);
    chain.inner.then([answer("third")]);
    chain.refreshed();
    assert_eq!(chain.outer.took(), ["another", "third"]);
    // Where there is no other, that is what there is.
    chain.outer.then([TAKE, Does::ResolveAnew("inner"), answer("newer")]);
    chain.inner.then([answer("third")]);
    chain.refreshed();
    assert_eq!(chain.outer.took(), ["third", "third"]);
}

#[test]
fn no_error_shows_the_inner_key() {
    let chain = Chain::new([TAKE, Does::Quote(ErrorKind::Denied)], [answer("inner-secret")]);
    let error = chain.lab.error(&chain.sources);
    assert_eq!(error.message(), "`[redacted]` is not good");
    let failure = chain.lab.failure(&chain.sources[0].planned.id).unwrap();
    assert_eq!(failure.error(), error);
}
