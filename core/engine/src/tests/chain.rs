//! A source that uses another one.

use std::time::Duration;

use api_key_helper_cache::Demand;
use api_key_helper_values::Error;

use super::lab::{Lab, key};
use super::source::{Does, Script, answer};
use crate::{Outcome, Source};

/// Scripts for `outer` and `inner`, and a profile with `outer` only.
pub(super) struct Chain {
    pub(super) lab: Lab,
    pub(super) outer: Script,
    pub(super) inner: Script,
    pub(super) inner_source: Source,
    pub(super) sources: [Source; 1],
}

impl Chain {
    pub(super) fn new(
        outer: impl IntoIterator<Item = Does>,
        inner: impl IntoIterator<Item = Does>,
    ) -> Self {
        let lab = Lab::default();
        let (outer, inner) = (Script::new(&lab, outer), Script::new(&lab, inner));
        let inner_source = inner.source("inner");
        let sources = [outer.source_of("outer", &[&inner_source])];
        Self { lab, outer, inner, inner_source, sources }
    }

    /// A chain with both keys cached.
    pub(super) fn cached() -> Self {
        let chain = Self::new([TAKE, answer("outer")], [answer("inner")]);
        assert_eq!(chain.lab.key(&chain.sources), "outer");
        chain.counts();
        chain
    }

    /// The outcome of asking for a new key of `outer`, a second later.
    pub(super) fn refresh(&self) -> Outcome {
        self.lab.pass(Duration::from_secs(1));
        self.lab.get(&self.sources, Demand::FetchedSince(self.lab.now()))
    }

    pub(super) fn refreshed(&self) -> String {
        key(self.refresh())
    }

    pub(super) fn refused(&self) -> Error {
        self.refresh().answer.unwrap_err()
    }

    /// The number of requests to `outer` and `inner` since the last call.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.outer.asked().len(), self.inner.asked().len())
    }
}

pub(super) const TAKE: Does = Does::Resolve("inner");
