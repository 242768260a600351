//! `json`: all that is known of the key. And how JSON is written.

use api_key_helper_backend::rfc3339;
use api_key_helper_values::MAX_KEY_LENGTH;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::IssuedKey;

#[derive(Serialize)]
struct Document<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    refresh_at: String,
    source: &'a str,
}

/// The key, its issuer's end, when to ask again, and its source. A script source reads it, too.
pub(super) fn answer(given: &IssuedKey<'_>) -> Zeroizing<String> {
    line(&Document {
        key: given.key.expose(),
        expires_at: given.expires_at.map(rfc3339),
        refresh_at: rfc3339(given.ask_again_at),
        source: given.source,
    })
}

/// `value` as one line of JSON.
pub(super) fn line(value: &impl Serialize) -> Zeroizing<String> {
    // With room enough from the start, no half-written copy is left behind by growing: what is
    // escaped takes twice its length, and what surrounds it is short.
    let mut bytes = Zeroizing::new(Vec::with_capacity(4 * MAX_KEY_LENGTH));
    // A vector takes whatever is written, and what is written has text for keys.
    let _ = serde_json::to_writer(&mut *bytes, value);
    bytes.push(b'\n');
    Zeroizing::new(String::from_utf8(std::mem::take(&mut *bytes)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::given;

    #[test]
    fn says_what_is_known() {
        let written = answer(&given("k\"\\1", Some(2_000_000_000)));
        let expected = "{\"key\":\"k\\\"\\\\1\",\"expires_at\":\"2033-05-18T03:33:20Z\",\
                        \"refresh_at\":\"2033-05-18T03:23:20Z\",\"source\":\"main\"}\n";
        assert_eq!(*written, expected);
        assert!(!answer(&given("k", None)).contains("expires_at"));
    }
}
