//! A source in the place that the engine gives it.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::path::Path;

use api_key_helper_core::Backend;
use api_key_helper_core::config::SourceTable;
use integration_tests::attempt;
use integration_tests::servers::TokenEndpoint;
use integration_tests::servers::token_endpoint::FEDERATION;

/// A source of this backend, whose token comes from the source `sso`.
#[derive(Debug)]
pub(crate) struct Source(attempt::Source);

impl Source {
    /// The source that `toml` describes.
    pub(crate) fn new(toml: &str) -> Self {
        Self::with_token("{ source = 'sso' }", toml)
    }

    /// The same with its token elsewhere.
    pub(crate) fn with_token(token: &str, toml: &str) -> Self {
        let toml = format!("token = {token}\n{toml}");
        Self(attempt::Source::new("key", build(&toml), &[]))
    }

    /// One that hands assertions in at `endpoint`.
    pub(crate) fn bearer(endpoint: &TokenEndpoint, toml: &str) -> Self {
        Self::of(endpoint, &format!("grant = 'jwt-bearer'\n{toml}"))
    }

    /// One that exchanges tokens at `endpoint`.
    pub(crate) fn exchange(endpoint: &TokenEndpoint, toml: &str) -> Self {
        Self::of(endpoint, &format!("grant = 'token-exchange'\nsubject_token_type = 'jwt'\n{toml}"))
    }

    /// One of the federation that `endpoint` knows, whose ids `toml` can change.
    pub(crate) fn federation(endpoint: &TokenEndpoint, change: (&str, &str)) -> Self {
        let toml = FEDERATION.replace(change.0, change.1);
        let mut source = Self::new(&format!("{toml}token_endpoint = '{}'", endpoint.federation()));
        source.give(&endpoint.token());
        source
    }

    /// One that sends forms to `endpoint`, with a token that is good there.
    fn of(endpoint: &TokenEndpoint, toml: &str) -> Self {
        let mut source = Self::new(&format!(
            "client_id = 'helper'\ntoken_endpoint = '{}'\n{toml}",
            endpoint.form()
        ));
        source.give(&endpoint.token());
        source
    }

    /// The inner source has this token from now on.
    pub(crate) fn give(&mut self, token: &str) {
        self.sources.insert("sso".to_owned(), token.to_owned());
        self.hidden.push(token.to_owned());
    }

    /// And it gives this one where it is asked anew.
    pub(crate) fn give_anew(&mut self, token: &str) {
        self.anew.lock().unwrap().push_back(token.to_owned());
        self.hidden.push(token.to_owned());
    }

    /// What happened.
    pub(crate) fn happened(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

impl Deref for Source {
    type Target = attempt::Source;

    fn deref(&self) -> &attempt::Source {
        &self.0
    }
}

impl DerefMut for Source {
    fn deref_mut(&mut self) -> &mut attempt::Source {
        &mut self.0
    }
}

fn build(toml: &str) -> Box<dyn Backend> {
    let table = SourceTable::from_toml("key", toml, Path::new("/etc"), BTreeMap::new()).unwrap();
    api_key_helper_exchange::build(&table).unwrap_or_else(|error| panic!("{}", error.report()))
}
