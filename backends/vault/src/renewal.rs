//! What is kept between attempts.

use std::time::{Duration, SystemTime};

use api_key_helper_core::Secret;
use api_key_helper_core::renewal::{self, Version, secret, unix};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the next attempt needs in order to ask less. To the engine it is one opaque secret.
#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct Renewal {
    version: Version<1>,
    /// The token of our last login. A token that the configuration gives is never in here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<Token>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<Lease>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unwrapped: Option<Unwrapped>,
}

/// A token that we own.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Token {
    #[serde(with = "secret")]
    pub(crate) secret: Secret,
    /// How long it was given for, or extended for.
    #[serde(with = "seconds")]
    pub(crate) granted: Duration,
    /// `None`: it has no end.
    #[serde(with = "unix")]
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) renewable: bool,
    /// It may ask about itself, as the policy `default` permits.
    pub(crate) may_look_up: bool,
}

/// A lease, and the key that it is for: a lease that is renewed keeps its key.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Lease {
    pub(crate) id: String,
    #[serde(with = "secret")]
    pub(crate) key: Secret,
    /// How long it was given for at first.
    #[serde(with = "seconds")]
    pub(crate) granted: Duration,
    #[serde(with = "unix")]
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) renewable: bool,
}

/// A wrapping token that we used, and what was in it: it cannot be used again.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Unwrapped {
    #[serde(with = "secret")]
    pub(crate) wrapping: Secret,
    #[serde(with = "secret")]
    pub(crate) secret: Secret,
}

impl Renewal {
    /// What was kept; what is of another version, or not ours, is nothing.
    pub(crate) fn read(secret: Option<&Secret>) -> Self {
        secret.and_then(renewal::read).unwrap_or_default()
    }

    pub(crate) fn to_secret(&self) -> Secret {
        renewal::write(self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

mod seconds {
    use super::{Deserialize, Deserializer, Duration, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(span.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn full() -> Renewal {
        let expires_at = Some(UNIX_EPOCH + Duration::from_secs(2_000_000_000));
        let granted = Duration::from_secs(3600);
        Renewal {
            version: Version,
            token: Some(Token {
                secret: Secret::from("s.hunter2"),
                granted,
                expires_at,
                renewable: true,
                may_look_up: true,
            }),
            lease: Some(Lease {
                id: "rabbitmq/creds/r/x".to_owned(),
                key: Secret::from("sk-1"),
                granted,
                expires_at: None,
                renewable: true,
            }),
            unwrapped: Some(Unwrapped {
                wrapping: Secret::from("s.wrap"),
                secret: Secret::from("secret-id"),
            }),
        }
    }

    #[test]
    fn what_is_kept_comes_back() {
        for renewal in [full(), Renewal::default()] {
            let secret = renewal.to_secret();
            assert_eq!(Renewal::read(Some(&secret)), renewal);
        }
        assert!(!format!("{:?}", full()).contains("hunter2"));
    }

    #[test]
    fn what_is_not_ours_is_nothing() {
        let newer = full().to_secret().expose().replace("\"version\":1", "\"version\":2");
        for text in ["", "s.token", "{}", "[]", &newer] {
            assert!(Renewal::read(Some(&Secret::from(text))).is_empty(), "{text}");
        }
        assert!(Renewal::read(None).is_empty());
    }
}
