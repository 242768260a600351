//! What is kept between attempts.

use std::time::{Duration, SystemTime};

use api_key_helper_backend::Secret;
use api_key_helper_backend::renewal::{self, Version, secret, unix};
use aws_sdk_secretsmanager::config::Credentials;
use serde::{Deserialize, Serialize};

/// What the next attempt needs in order to ask less. To the engine it is one opaque secret.
#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct Renewal {
    version: Version<1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<Session>,
}

/// AWS credentials that end by themselves. Others are never kept.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
struct Session {
    access_key_id: String,
    #[serde(with = "secret")]
    secret_access_key: Secret,
    #[serde(with = "secret")]
    session_token: Secret,
    #[serde(with = "unix")]
    expires_at: Option<SystemTime>,
}

impl Renewal {
    /// What was kept; what is of another version, or not ours, is nothing.
    pub(crate) fn read(secret: Option<&Secret>) -> Self {
        secret.and_then(renewal::read).unwrap_or_default()
    }

    /// Returns whether `secret` is of this backend.
    pub(crate) fn is_in(secret: &Secret) -> bool {
        renewal::is_written_as::<Self>(secret)
    }

    /// What is worth keeping of `credentials`.
    pub(crate) fn of(credentials: &Credentials) -> Self {
        let session = credentials.session_token().zip(credentials.expiry()).map(
            |(session_token, expires_at)| Session {
                access_key_id: credentials.access_key_id().to_owned(),
                secret_access_key: credentials.secret_access_key().into(),
                session_token: session_token.into(),
                expires_at: Some(expires_at),
            },
        );
        Self { session, ..Self::default() }
    }

    /// The credentials, as long as they will outlive an attempt.
    pub(crate) fn credentials(&self, now: SystemTime) -> Option<Credentials> {
        let session = self.session.as_ref()?;
        let expires_at = session.expires_at?;
        (now.checked_add(MARGIN)? < expires_at).then(|| {
            Credentials::new(
                session.access_key_id.as_str(),
                session.secret_access_key.expose(),
                Some(session.session_token.expose().to_owned()),
                Some(expires_at),
                "kept",
            )
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.session.is_none()
    }

    pub(crate) fn to_secret(&self) -> Secret {
        renewal::write(self)
    }
}

/// An attempt takes less, and clocks differ a little.
const MARGIN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn credentials(token: Option<&str>, end: Option<u64>) -> Credentials {
        let token = token.map(str::to_owned);
        Credentials::new("ASIA1", "hunter2", token, end.map(at), "test")
    }

    #[test]
    fn aws_session_is_kept_until_it_expires() {
        let kept = Renewal::of(&credentials(Some("token"), Some(1_000))).to_secret();
        let renewal = Renewal::read(Some(&kept));
        assert_eq!(renewal.to_secret(), kept);
        let back = renewal.credentials(at(900)).unwrap();
        assert_eq!((back.access_key_id(), back.secret_access_key()), ("ASIA1", "hunter2"));
        assert_eq!((back.session_token(), back.expiry()), (Some("token"), Some(at(1_000))));
        assert!(renewal.credentials(at(940)).is_none());
        assert!(renewal.credentials(at(2_000)).is_none());
        assert!(!format!("{renewal:?}").contains("hunter2"));
    }

    #[test]
    fn aws_long_lived_keys_are_never_kept() {
        for (token, end) in [(None, None), (Some("token"), None), (None, Some(1_000))] {
            let renewal = Renewal::of(&credentials(token, end));
            assert!(renewal.is_empty());
            assert_eq!(renewal.to_secret().expose(), "{\"version\":1}");
        }
    }

    #[test]
    fn backend_state_of_another_backend_is_no_aws_session() {
        let own = Renewal::of(&credentials(Some("token"), Some(1_000))).to_secret();
        assert!(Renewal::is_in(&own) && Renewal::is_in(&Renewal::default().to_secret()));
        // Of Vault, and of an OpenID provider: both can be read as one without a session.
        for other in [
            r#"{"version":1,"token":{"secret":"s.hunter2"}}"#,
            r#"{"version":1,"standing":{"alive":{"refresh_token":"hunter2"}}}"#,
            "hunter2",
        ] {
            assert!(!Renewal::is_in(&Secret::from(other)), "{other}");
        }
    }

    #[test]
    fn aws_session_of_another_format_is_none() {
        let full = Renewal::of(&credentials(Some("token"), Some(1_000))).to_secret();
        let newer = full.expose().replace("\"version\":1", "\"version\":2");
        for text in ["", "token", "{}", "[]", &newer] {
            assert!(Renewal::read(Some(&Secret::from(text))).is_empty(), "{text}");
        }
        assert!(Renewal::read(None).is_empty());
    }
}
