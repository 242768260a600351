//! What is kept between attempts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_key_helper_core::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the next attempt needs in order to ask less. To the engine it is one opaque secret.
#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct Renewal {
    version: Version,
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
        secret.and_then(|secret| serde_json::from_str(secret.expose()).ok()).unwrap_or_default()
    }

    pub(crate) fn to_secret(&self) -> Secret {
        // There is no map with keys that are not strings, and nothing else can fail.
        Secret::new(serde_json::to_string(self).unwrap_or_default())
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Of the format.
#[derive(Debug, Default, PartialEq)]
struct Version;

const VERSION: u8 = 1;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(VERSION)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            VERSION => Ok(Self),
            _ => Err(serde::de::Error::custom("another version")),
        }
    }
}

mod secret {
    use super::{Deserialize, Deserializer, Secret, Serializer};

    pub(super) fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        String::deserialize(from).map(Secret::new)
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

mod unix {
    use super::{Deserialize, Deserializer, Duration, Serialize, Serializer};
    use super::{SystemTime, UNIX_EPOCH};

    pub(super) fn serialize<S: Serializer>(
        time: &Option<SystemTime>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(|time| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        let seconds = Option::<u64>::deserialize(from)?;
        Ok(seconds.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds))))
    }
}

#[cfg(test)]
mod tests {
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
