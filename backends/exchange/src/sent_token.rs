//! Which token was sent last.

use std::time::Duration;

use api_key_helper_backend::renewal::{self, Version};
use api_key_helper_backend::text::hex;
use api_key_helper_backend::{Error, Secret, SecretInput};
use api_key_helper_http::Address;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What the next attempt knows of those before it. To the engine it is a renewal, and so it is
/// durable before a token is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct SentToken {
    version: Version<1>,
    /// A SHA-256 of the token, in hexadecimal; none where the last one never arrived.
    token: Option<String>,
    /// The server does not take it a second time.
    is_refused: bool,
}

impl SentToken {
    /// What was kept; what is of another version, or not ours, is nothing.
    pub(crate) fn read(secret: &Secret) -> Self {
        renewal::read(secret).unwrap_or_default()
    }

    /// Returns whether `secret` is of this backend.
    pub(crate) fn is_in(secret: &Secret) -> bool {
        renewal::is_written_as::<Self>(secret)
    }

    pub(crate) fn to_secret(&self) -> Secret {
        renewal::write(self)
    }

    /// What is known when `token` is about to be sent.
    pub(crate) fn of(token: &Secret) -> Self {
        Self { token: Some(hash(token)), ..Self::default() }
    }

    /// The same once the server has refused the token because it was sent before.
    pub(crate) fn refused(self) -> Self {
        Self { is_refused: true, ..self }
    }

    /// Whether it was `token` that was sent last.
    pub(crate) fn is(&self, token: &Secret) -> bool {
        self.token.as_ref() == Some(&hash(token))
    }

    /// Whether to send it again is known to be in vain.
    pub(crate) const fn is_refused(&self) -> bool {
        self.is_refused
    }
}

/// The error of a token at `input` that was sent before, which `endpoint` does not take again:
/// `because` is what it said, and what the token says. It says nothing against the key that the
/// token has brought.
pub(crate) fn spent(endpoint: &Address, input: &SecretInput, because: &str) -> Error {
    let hint = match input {
        SecretInput::Command(_) => "let the `command` print a new token at each run".to_owned(),
        SecretInput::Env(_) => {
            "a variable stays as it is: name a `file`, a `command` or a `source` instead".to_owned()
        }
        SecretInput::File(file) => format!(
            "let `{}` be written again before the key expires; Kubernetes does so when four fifths of \
             `expirationSeconds` are over",
            file.display()
        ),
        // An identity of the place, or another source's key.
        _ => {
            "see how often the issuer makes a new one: it must do so before the key ends".to_owned()
        }
    };
    Error::transient(format!(
        "`{endpoint}` takes a token once, and `token` gives the one that was sent before{because}"
    ))
    .with_hint(hint)
    .with_retry_after(ROTATION)
}

fn hash(token: &Secret) -> String {
    hex(&Sha256::digest(token.expose()))
}

/// No issuer replaces a token within the waits between two attempts of a call.
pub(crate) const ROTATION: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sent_token_is_kept_as_a_hash() {
        let [token, other] = ["canary-1", "canary-2"].map(Secret::from);
        let sent = SentToken::of(&token);
        let kept = sent.to_secret();
        assert!(!kept.expose().contains("canary"), "{}", kept.expose());
        assert_eq!(SentToken::read(&kept), sent);
        assert!(sent.is(&token) && !sent.is(&other) && !sent.is_refused());
        assert!(SentToken::read(&sent.clone().refused().to_secret()).is_refused());
        // Another token starts again.
        assert!(!SentToken::of(&other).is_refused());
    }

    #[test]
    fn sent_token_state_of_another_format_is_none() {
        for text in ["", "{}", r#"{"version":2,"token":"x","is_refused":true}"#] {
            assert_eq!(SentToken::read(&Secret::from(text)), SentToken::default(), "{text}");
        }
        assert!(!SentToken::default().is(&Secret::from("")));
    }
}
