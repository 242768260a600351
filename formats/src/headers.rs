//! The `headers` format: a JSON object of strings, for Claude Code's `headersHelper` and
//! `otelHeadersHelper`.

use std::collections::BTreeMap;

use api_key_helper_values::Error;
use zeroize::Zeroizing;

use crate::{Destination, Headers, IssuedKey, Variable, json};

/// The variable that names the MCP server which Claude Code wants headers for.
const SERVER: &str = "CLAUDE_CODE_MCP_SERVER_URL";

/// The request for headers, with the server that gets them.
#[derive(Debug)]
pub struct HeadersOf {
    pub(crate) destination: Destination,
}

impl HeadersOf {
    pub(crate) fn read(variable: Variable<'_>) -> Self {
        let url = variable(SERVER).filter(|url| !url.is_empty());
        let destination =
            url.map_or(Destination::Unsaid, |url| Destination::of(&url.to_string_lossy()));
        Self { destination }
    }
}

/// Returns the headers.
///
/// # Errors
/// `Misconfigured`: none of them contains the key.
pub(super) fn answer(given: &IssuedKey<'_>, headers: &Headers) -> Result<Zeroizing<String>, Error> {
    if !headers.have_key() {
        let key = Headers::KEY;
        return Err(Error::misconfigured("none of the profile's `headers` contains the key")
            .with_hint(format!("write `{key}` where the key belongs, as in `\"Bearer {key}\"`")));
    }
    let filled = headers.with(given.key);
    let texts: BTreeMap<&str, &str> =
        filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Ok(json::line(&texts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::given;

    #[test]
    fn headers_answer_is_a_json_object_of_strings() {
        let written = answer(&given("k\"1", None), &Headers::default()).unwrap();
        assert_eq!(*written, "{\"Authorization\":\"Bearer k\\\"1\"}\n");
    }

    #[test]
    fn headers_without_the_key_placeholder_are_misconfigured() {
        let headers =
            Headers::try_from(BTreeMap::from([("A".to_owned(), "a".to_owned())])).unwrap();
        let error = answer(&given("k", None), &headers).unwrap_err();
        assert!(error.hint().unwrap().to_string().contains("{key}"), "{error:?}");
    }
}
