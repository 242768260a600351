//! Quotations of a server's text.

use api_key_helper_backend::text::plain;
use api_key_helper_backend::{Secret, redact};

/// Returns the part of the text which a server `said` that a message may repeat: one line,
/// shortened, without the secrets that were `sent`. Some servers repeat those in any encoding,
/// whole or cut off.
#[must_use]
pub fn quote(said: &str, sent: &[Secret]) -> String {
    // The text beyond this limit is not shown, and need not be searched.
    let said: String = said.chars().take(SEARCHED).collect();
    let said = redact::in_text(&plain(&said), sent.iter().map(|secret| secret.expose().as_bytes()));
    said.chars().take(LONGEST).collect()
}

/// The number of characters that are searched for secrets.
const SEARCHED: usize = 8 * 1024;
/// The largest number of characters in a quotation.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_message_with_the_sent_token_is_redacted() {
        let sent = [Secret::from("s.hunter2"), Secret::from("to")];
        assert_eq!(quote("bad token s.hunter2", &sent), "bad token [redacted]");
        assert_eq!(quote("bad token s.hunter...", &sent), "bad token [redacted]...");
        assert_eq!(quote(&"x".repeat(10_000), &sent).len(), LONGEST);
    }
}
