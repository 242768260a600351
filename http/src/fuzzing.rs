//! The fuzz targets of this crate: each takes any bytes, and panics where a promise does not hold.
//! `fuzz/` runs them; a unit test replays the kept inputs.

use std::time::{Duration, UNIX_EPOCH};

use api_key_helper_backend::Secret;

use crate::{Address, parse_retry_after, parse_server_time, quote};

/// Parses headers; checks that a parsed address may receive a secret, and that a quotation does not
/// contain the secret that was sent.
pub fn headers(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let _ = parse_retry_after(text, now);
    let (date, age) = text.split_once('\n').unwrap_or((text, text));
    let _ = parse_server_time(date, Some(age));
    match Address::parse(text) {
        Ok(address) => {
            assert!(address.is_https() || address.is_loopback(), "{address}");
            let url = address.url();
            assert!(url.username().is_empty() && url.password().is_none(), "{address}");
            // A saved address is parsed again later.
            assert_eq!(Address::parse(url.as_str()), Ok(address));
        }
        Err(why) => assert!(!text.contains('@') || !why.contains(CANARY), "{why}"),
    }
    let said = quote(text, &[Secret::from(CANARY)]);
    assert!(said.chars().count() <= 200 && !said.contains(CANARY), "{said}");
}

/// The secret that the kept inputs contain.
const CANARY: &str = "canary-0123456789";

/// The targets.
pub const TARGETS: &[Trial] = &[("http_headers", headers)];

/// The name of a target in `fuzz/`, and its function.
type Trial = (&'static str, fn(&[u8]));

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn fuzz_inputs_of_http_still_pass() {
        fuzz_replay::replay(TARGETS);
    }
}
