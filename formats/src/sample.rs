//! A sample key for tests.

use api_key_helper_values::{Key, Moment};

use crate::IssuedKey;

/// Returns a key with this expiry in Unix seconds; clients should ask again at
/// 2033-05-18T03:23:20Z.
pub(crate) fn given(key: &str, expires_at: Option<u64>) -> IssuedKey<'static> {
    let seconds = |seconds: u64| Moment::from_unix_millis(seconds * 1_000);
    IssuedKey {
        key: Box::leak(Box::new(Key::parse(key).unwrap())),
        source: "main",
        expires_at: expires_at.map(seconds),
        ask_again_at: seconds(1_999_999_400),
    }
}
