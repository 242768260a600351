//! What a token endpoint grants.

use std::time::{Duration, SystemTime};

use api_key_helper_core::Secret;
use api_key_helper_core::renewal::secret;
use api_key_helper_http::optional_seconds;
use serde::{Deserialize, Deserializer};

/// A token response (RFC 6749, section 5.1; OpenID Connect Core, section 3.1.3.3).
#[derive(Debug, Deserialize)]
pub(crate) struct Grant {
    #[serde(deserialize_with = "secret::deserialize")]
    pub(crate) access_token: Secret,
    #[serde(default, deserialize_with = "optional_seconds")]
    expires_in: Option<Duration>,
    #[serde(default, deserialize_with = "optional_secret")]
    pub(crate) id_token: Option<Secret>,
    #[serde(default, deserialize_with = "optional_secret")]
    pub(crate) refresh_token: Option<Secret>,
    /// Keycloak's, whose 0 means that there is no end.
    #[serde(default, deserialize_with = "optional_seconds")]
    refresh_expires_in: Option<Duration>,
    /// Google's, and others'.
    #[serde(default, deserialize_with = "optional_seconds")]
    refresh_token_expires_in: Option<Duration>,
    scope: Option<String>,
}

impl Grant {
    pub(crate) fn key_expires_at(&self, asked_at: SystemTime) -> Option<SystemTime> {
        asked_at.checked_add(self.expires_in?)
    }

    pub(crate) fn refresh_token_expires_at(&self, asked_at: SystemTime) -> Option<SystemTime> {
        let life = self.refresh_expires_in.or(self.refresh_token_expires_in)?;
        if life.is_zero() { None } else { asked_at.checked_add(life) }
    }

    /// What was granted, or `None` when the provider does not say: then it is what was asked for.
    pub(crate) fn scopes(&self) -> Option<Vec<String>> {
        Some(self.scope.as_ref()?.split_whitespace().map(str::to_owned).collect())
    }
}

fn optional_secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.filter(|text| !text.is_empty()).map(Secret::new))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn read(rest: &str) -> Grant {
        serde_json::from_str(&format!(r#"{{"access_token":"at"{rest}}}"#)).unwrap()
    }

    #[test]
    fn lifetimes_are_read_as_they_are_written() {
        let end = |rest: &str| read(rest).key_expires_at(UNIX_EPOCH);
        let hour = UNIX_EPOCH.checked_add(Duration::from_secs(3600));
        assert_eq!(end(r#","expires_in":3600"#), hour);
        assert_eq!(end(r#","expires_in":"3600""#), hour);
        for unknown in ["", r#","expires_in":null"#, r#","expires_in":-1"#, r#","expires_in":{}"#] {
            assert_eq!(end(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn the_refresh_tokens_end() {
        let end = |rest: &str| read(rest).refresh_token_expires_at(UNIX_EPOCH);
        let minute = UNIX_EPOCH.checked_add(Duration::from_secs(60));
        assert_eq!(end(r#","refresh_expires_in":60"#), minute);
        assert_eq!(end(r#","refresh_token_expires_in":60"#), minute);
        assert_eq!(end(r#","refresh_expires_in":0"#), None);
        assert_eq!(end(""), None);
    }

    #[test]
    fn an_empty_token_is_none() {
        assert!(read(r#","refresh_token":"","id_token":null"#).refresh_token.is_none());
    }
}
