//! Keys of an inner source that the outer one's server refused, or that it has spent.

use std::time::Duration;

use api_key_helper_values::{Error, ErrorKind};

use super::chain::{Chain, TAKE};
use super::source::{Does, answer, down};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn denied_with_a_cached_inner_key_retries_once_with_a_new_one() {
    use ErrorKind::{Denied, Misconfigured, NeedsLogin};

    for kind in [Denied, Misconfigured, NeedsLogin] {
        let chain = Chain::cached();
        let no = || Does::Fail(Error::new(kind, "no"));
        chain.outer.then([TAKE, no(), TAKE, answer("newer")]);
        chain.inner.then([answer("another")]);
        assert_eq!(chain.refreshed(), "newer");
        assert_eq!(chain.outer.took(), ["inner", "inner", "another"]);
        assert_eq!(chain.counts(), (2, 1));
        // If a new key does not help, the refusal counts.
        chain.lab.pass(60 * SECOND);
        chain.outer.then([TAKE, no(), TAKE, no()]);
        chain.inner.then([answer("third")]);
        assert_eq!(chain.refused().kind(), kind);
        assert_eq!(chain.counts(), (2, 1));
    }
}

#[test]
fn denied_with_a_new_inner_key_is_final() {
    let no = Does::Fail(Error::denied("no"));
    let chain = Chain::new([TAKE, no], [answer("inner")]);
    assert_eq!(chain.lab.error(&chain.sources).kind(), ErrorKind::Denied);
    assert_eq!(chain.counts(), (1, 1));
}

#[test]
fn denied_again_does_not_refetch_a_new_inner_key() {
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
fn denied_with_the_inner_source_down_is_final() {
    let chain = Chain::cached();
    let no = || Does::Fail(Error::denied("no"));
    chain.outer.then([TAKE, no(), TAKE]);
    chain.inner.then(down(4));
    assert_eq!(chain.refused().kind(), ErrorKind::Denied);
    // The cached key is dropped, as after every denial.
    assert_eq!(chain.lab.entry(&chain.sources[0].planned.id).unwrap().key, None);

    let chain = Chain::cached();
    chain.outer.then([TAKE, no()]);
    chain.outer.then(down(3).flat_map(|down| [TAKE, down]));
    chain.inner.then([answer("another")]);
    assert_eq!(chain.refused().kind(), ErrorKind::Denied);
}

#[test]
fn denied_with_the_inner_source_needing_login_reports_the_login() {
    let chain = Chain::cached();
    chain.outer.then([TAKE, Does::Fail(Error::denied("no")), TAKE]);
    let ended = Error::needs_login("the sign-in of `inner` has ended").about("inner");
    chain.inner.then([Does::Fail(ended)]);
    let error = chain.refused();
    assert_eq!(error.kind(), ErrorKind::NeedsLogin);
    assert_eq!(error.message(), "the sign-in of `inner` has ended");
}

#[test]
fn inner_source_key_that_was_used_up_is_refetched() {
    let chain = Chain::cached();
    chain.outer.then([TAKE, Does::ResolveAnew("inner"), answer("newer")]);
    chain.inner.then([answer("another")]);
    chain.refreshed();
    assert_eq!(chain.outer.took(), ["inner", "inner", "another"]);
    assert_eq!(chain.counts(), (1, 1));
    // A spent key counts even if it was fetched a moment ago because another one was spent.
    chain.outer.then([TAKE, Does::ResolveAnew("inner"), answer("newer")]);
    chain.inner.then([answer("third")]);
    chain.refreshed();
    assert_eq!(chain.outer.took(), ["another", "third"]);
    // If the source has no other key, this one is used.
    chain.outer.then([TAKE, Does::ResolveAnew("inner"), answer("newer")]);
    chain.inner.then([answer("third")]);
    chain.refreshed();
    assert_eq!(chain.outer.took(), ["third", "third"]);
}

#[test]
fn inner_source_key_in_an_error_is_redacted() {
    let chain = Chain::new([TAKE, Does::Quote(ErrorKind::Denied)], [answer("inner-secret")]);
    let error = chain.lab.error(&chain.sources);
    assert_eq!(error.message(), "`[redacted]` is not good");
    let failure = chain.lab.failure(&chain.sources[0].planned.id).unwrap();
    assert_eq!(failure.error(), error);
}
