//! What a token endpoint grants.

use std::time::{Duration, SystemTime};

use api_key_helper_core::renewal::secret;
use api_key_helper_core::{Credential, Error, Key, Secret};
use api_key_helper_http::{optional_seconds, quote};
use serde::Deserialize;

use crate::answer::{Answer, Verdict};
use crate::config::Settings;
use crate::token_type::REFRESH_TOKEN;

/// A token response (RFC 6749, section 5.1; RFC 8693, section 2.2.1).
#[derive(Deserialize)]
struct Granted {
    /// What was asked for, whatever kind of token it is.
    #[serde(deserialize_with = "secret::deserialize")]
    access_token: Secret,
    #[serde(default, deserialize_with = "optional_seconds")]
    expires_in: Option<Duration>,
    issued_token_type: Option<String>,
    token_type: Option<String>,
}

impl Answer {
    /// The credential of a good answer to what was asked at `asked_at`. `about` is what the token
    /// that was handed in says of itself.
    pub(crate) fn credential(
        &self,
        settings: &Settings,
        asked_at: SystemTime,
        about: &str,
    ) -> Result<Credential, Error> {
        if self.verdict(settings) != Verdict::Good {
            return Err(self.error(settings, about));
        }
        // What is wrong with it may be quoted by the parser, and may be a secret.
        let granted: Granted =
            serde_json::from_slice(&self.0.body).map_err(|_| self.error(settings, about))?;
        granted.check(self)?;
        let key = Key::parse(granted.access_token.expose()).map_err(|error| {
            Error::misconfigured(format!("what `{}` gives cannot be a key: {error}", self.0.from))
                .with_hint("ask for another kind of token: see `requested_token_type`")
        })?;
        let expires_at = granted.expires_in.and_then(|life| asked_at.checked_add(life));
        Ok(Credential { expires_at, ..Credential::new(key) })
    }
}

impl Granted {
    /// Refuses a token that nobody can send as it is. `N_A` stands for one that is no access token,
    /// and whoever sends that knows how.
    fn check(&self, answer: &Answer) -> Result<(), Error> {
        let from = &answer.0.from;
        if self.issued_token_type.as_deref() == Some(REFRESH_TOKEN) {
            return Err(Error::misconfigured(format!(
                "`{from}` gives a refresh token, which no API takes"
            ))
            .with_hint("see `requested_token_type` of the source"));
        }
        let kind = self.token_type.as_deref().unwrap_or("Bearer");
        if ["Bearer", "N_A"].iter().any(|good| kind.eq_ignore_ascii_case(good)) {
            return Ok(());
        }
        let kind: String = quote(kind, &answer.0.hidden).chars().take(40).collect();
        Err(Error::misconfigured(format!(
            "`{from}` gives a token of type `{kind}`, which is worth nothing without a proof"
        ))
        .with_hint("ask for the client to be given bearer tokens"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use api_key_helper_core::ErrorKind;
    use api_key_helper_http::oauth;
    use zeroize::Zeroizing;

    use super::*;

    fn credential(rest: &str) -> Result<Credential, Error> {
        let settings = Settings::for_tests(
            "grant = 'token-exchange'\ntoken = { env = 'T' }\ntoken_endpoint = 'https://i/t'",
            &[],
        )?;
        let body = format!(r#"{{"access_token":"at-1"{rest}}}"#).into_bytes();
        let answer = Answer(oauth::Answer {
            status: 200,
            body: Zeroizing::new(body),
            retry_after: None,
            from: settings.endpoint.clone(),
            hidden: Vec::new(),
        });
        answer.credential(&settings, UNIX_EPOCH, "")
    }

    #[test]
    fn a_lifetime_becomes_an_end() {
        let end = |rest| credential(rest).unwrap().expires_at;
        assert_eq!(end(r#","expires_in":60"#), UNIX_EPOCH.checked_add(Duration::from_secs(60)));
        assert_eq!(end(""), None);
        assert_eq!(end(r#","expires_in":1e300"#), None);
    }

    #[test]
    fn only_what_can_be_sent_alone_is_a_key() {
        for good in [
            "",
            r#","token_type":"bearer""#,
            r#","token_type":"N_A","issued_token_type":"urn:ietf:params:oauth:token-type:saml2""#,
        ] {
            assert_eq!(credential(good).unwrap().key.expose(), "at-1", "{good}");
        }
        for (bad, says) in [
            (r#","token_type":"DPoP""#, "of type `DPoP`"),
            (
                r#","issued_token_type":"urn:ietf:params:oauth:token-type:refresh_token""#,
                "refresh token",
            ),
        ] {
            let error = credential(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured);
            assert!(error.message().contains(says), "{error}");
        }
    }
}
