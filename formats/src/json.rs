//! The `json` format: everything that is known about the key. Writes the JSON of the other formats
//! too.

use api_key_helper_backend::text::rfc3339;
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

/// Returns the key, its expiry, the moment to ask again, and its source. A script source reads this
/// format as well.
pub(super) fn answer(given: &IssuedKey<'_>) -> Zeroizing<String> {
    line(&Document {
        key: given.key.expose(),
        expires_at: given.expires_at.map(rfc3339),
        refresh_at: rfc3339(given.ask_again_at),
        source: given.source,
    })
}

/// Returns `value` as one line of JSON.
pub(super) fn line(value: &impl Serialize) -> Zeroizing<String> {
    // Room for all of it: a vector that grows leaves parts of the key in memory. Escaping at most
    // doubles the key's length, and the rest is short.
    let mut bytes = Zeroizing::new(Vec::with_capacity(4 * MAX_KEY_LENGTH));
    // Writing to a vector cannot fail, and the written types have string keys.
    let _ = serde_json::to_writer(&mut *bytes, value);
    bytes.push(b'\n');
    Zeroizing::new(String::from_utf8(std::mem::take(&mut *bytes)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::given;

    #[test]
    fn json_answer_has_key_expires_at_refresh_at_and_source() {
        let written = answer(&given("k\"\\1", Some(2_000_000_000)));
        let expected = "{\"key\":\"k\\\"\\\\1\",\"expires_at\":\"2033-05-18T03:33:20Z\",\
                        \"refresh_at\":\"2033-05-18T03:23:20Z\",\"source\":\"main\"}\n";
        assert_eq!(*written, expected);
        assert!(!answer(&given("k", None)).contains("expires_at"));
    }
}
