//! The `claude-desktop` format: the output of an `inferenceCredentialHelper`.

use std::collections::BTreeMap;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::{Headers, IssuedKey, json};

#[derive(Serialize)]
struct Document<'a> {
    token: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<&'a str, &'a str>,
}

/// Returns the key, and the profile's headers if it has any. The client accepts no expiry: its own
/// settings say when it asks again.
pub(super) fn answer(given: &IssuedKey<'_>, headers: Option<&Headers>) -> Zeroizing<String> {
    let filled = headers.map(|headers| headers.with(given.key)).unwrap_or_default();
    let headers = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
    json::line(&Document { token: given.key.expose(), headers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::given;

    #[test]
    fn claude_desktop_answer_has_headers_if_the_profile_sets_them() {
        let given = given("k1", None);
        assert_eq!(*answer(&given, None), "{\"token\":\"k1\"}\n");
        let written = answer(&given, Some(&Headers::default()));
        assert_eq!(*written, "{\"token\":\"k1\",\"headers\":{\"Authorization\":\"Bearer k1\"}}\n");
    }
}
