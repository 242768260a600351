//! Sources of this backend, whose token comes from the source `sso`.

use std::collections::BTreeMap;
use std::path::Path;

use api_key_helper_backend::{Backend, SourceTable};
use integration_tests::servers::TokenEndpoint;
use integration_tests::servers::token_endpoint::FEDERATION;
use integration_tests::source::Source;

/// The source that `toml` describes.
pub(crate) fn source(toml: &str) -> Source {
    with_token("{ source = 'sso' }", toml)
}

/// The same with its token elsewhere.
pub(crate) fn with_token(token: &str, toml: &str) -> Source {
    Source::new(build(&format!("token = {token}\n{toml}")), &[])
}

/// One that hands assertions in at `endpoint`.
pub(crate) fn bearer(endpoint: &TokenEndpoint, toml: &str) -> Source {
    with_form(endpoint, &format!("grant = 'jwt-bearer'\n{toml}"))
}

/// One that exchanges tokens at `endpoint`.
pub(crate) fn exchange(endpoint: &TokenEndpoint, toml: &str) -> Source {
    with_form(endpoint, &format!("grant = 'token-exchange'\nsubject_token_type = 'jwt'\n{toml}"))
}

/// One of the federation that `endpoint` knows, whose ids `change` changes.
pub(crate) fn federation(endpoint: &TokenEndpoint, change: (&str, &str)) -> Source {
    let toml = FEDERATION.replace(change.0, change.1);
    let mut source = source(&format!("{toml}token_endpoint = '{}'", endpoint.federation()));
    source.give_source("sso", &endpoint.token());
    source
}

/// One that sends forms to `endpoint`, with a token that is good there.
fn with_form(endpoint: &TokenEndpoint, toml: &str) -> Source {
    let mut source =
        source(&format!("client_id = 'helper'\ntoken_endpoint = '{}'\n{toml}", endpoint.form()));
    source.give_source("sso", &endpoint.token());
    source
}

fn build(toml: &str) -> Box<dyn Backend> {
    let table = SourceTable::from_toml("key", toml, Path::new("/etc"), BTreeMap::new()).unwrap();
    api_key_helper_exchange::build(&table).unwrap_or_else(|error| panic!("{}", error.report()))
}
