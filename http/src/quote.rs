//! A server's own words.

use api_key_helper_core::{Secret, redact};

/// What a message may repeat of what a server `said`: not all of it, and nothing of the secrets that were
/// sent, which some servers repeat, whole or cut off.
#[must_use]
pub fn quote(said: &str, sent: &[Secret]) -> String {
    let mut said = said.to_owned();
    // A secret of three letters is in many words.
    for secret in sent.iter().map(Secret::expose).filter(|secret| secret.len() > 3) {
        said = redact(&said.replace(secret, "[redacted]"), secret.as_bytes());
    }
    said.chars().take(LONGEST).collect()
}

/// How many characters are repeated.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_not_repeated() {
        let sent = [Secret::from("s.hunter2"), Secret::from("to")];
        assert_eq!(quote("bad token s.hunter2", &sent), "bad token [redacted]");
        assert_eq!(quote("bad token s.hunter...", &sent), "bad token [redacted]...");
        assert_eq!(quote(&"x".repeat(10_000), &sent).len(), LONGEST);
    }
}
