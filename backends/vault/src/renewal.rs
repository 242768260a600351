//! What is kept between attempts.

use std::time::{Duration, SystemTime};

use api_key_helper_backend::Secret;
use api_key_helper_backend::renewal::{self, Version, secret, unix};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::answer::IssuedToken;
use crate::connection::Origin;

/// What the next attempt needs in order to ask less. To the engine it is one opaque secret.
#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct Renewal {
    version: Version<1>,
    /// The server that gave the token and the lease: they are sent nowhere else, even after the
    /// settings have changed. None where there is neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<Origin>,
    /// The token of our last login. A token that the configuration gives is never in here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<Token>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<Lease>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unwrapped: Option<WrappedSecret>,
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

/// The secret that a wrapping token held: the token cannot be used again.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct WrappedSecret {
    #[serde(with = "secret")]
    pub(crate) wrapping: Secret,
    #[serde(with = "secret")]
    pub(crate) secret: Secret,
}

impl Renewal {
    /// What was kept; what is of another version, or not ours, is nothing.
    pub(crate) fn read(secret: Option<&Secret>) -> Self {
        let renewal: Option<Self> = secret.and_then(renewal::read);
        renewal.filter(Self::has_known_origin).unwrap_or_default()
    }

    pub(crate) fn to_secret(&self) -> Secret {
        renewal::write(self)
    }

    /// A token or a lease that does not say where it comes from could be sent to another server.
    fn has_known_origin(&self) -> bool {
        self.origin.is_some() || (self.token.is_none() && self.lease.is_none())
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Token {
    pub(crate) fn new(asked_at: SystemTime, issued: IssuedToken) -> Self {
        let may_look_up = issued
            .token_policies
            .iter()
            .any(|policy| matches!(policy.as_str(), "default" | "root"));
        let lifetime = issued.lease_duration;
        Self {
            secret: issued.client_token,
            granted: lifetime,
            expires_at: end(asked_at, lifetime),
            renewable: issued.renewable,
            may_look_up,
        }
    }

    pub(crate) fn is_alive(&self, now: SystemTime) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }

    /// Returns whether it is time to extend it.
    pub(crate) fn is_due(&self, now: SystemTime) -> bool {
        self.renewable
            && self
                .expires_at
                .is_some_and(|end| end.duration_since(now).unwrap_or_default() < self.granted / 2)
    }

    pub(crate) fn extend(&mut self, asked_at: SystemTime, issued: &IssuedToken) {
        let lifetime = issued.lease_duration;
        let end = end(asked_at, lifetime);
        // At its longest life (`token_max_ttl`) it is given less and less.
        self.renewable = issued.renewable && end.is_none_or(|end| self.expires_at < Some(end));
        self.granted = lifetime;
        self.expires_at = end;
    }
}

impl Lease {
    pub(crate) fn is_alive(&self, now: SystemTime) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// The end of what was given for `lifetime`; nothing and too much are no end.
pub(crate) fn end(from: SystemTime, lifetime: Duration) -> Option<SystemTime> {
    if lifetime.is_zero() { None } else { from.checked_add(lifetime) }
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
            origin: Some(Origin {
                addresses: vec!["https://vault.example.com".to_owned()],
                namespace: Some("team".to_owned()),
            }),
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
            unwrapped: Some(WrappedSecret {
                wrapping: Secret::from("s.wrap"),
                secret: Secret::from("secret-id"),
            }),
        }
    }

    #[test]
    fn vault_token_state_roundtrips() {
        for renewal in [full(), Renewal::default()] {
            let secret = renewal.to_secret();
            assert_eq!(Renewal::read(Some(&secret)), renewal);
        }
        assert!(!format!("{:?}", full()).contains("hunter2"));
    }

    #[test]
    fn vault_token_state_of_another_format_is_none() {
        let newer = full().to_secret().expose().replace("\"version\":1", "\"version\":2");
        let unknown = Renewal { origin: None, ..full() }.to_secret();
        for text in ["", "s.token", "{}", "[]", &newer, unknown.expose()] {
            assert!(Renewal::read(Some(&Secret::from(text))).is_empty(), "{text}");
        }
        assert!(Renewal::read(None).is_empty());
    }

    fn granted(seconds: u64) -> IssuedToken {
        IssuedToken {
            client_token: Secret::from("s.x"),
            lease_duration: Duration::from_secs(seconds),
            renewable: true,
            token_policies: vec!["default".to_owned()],
        }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn vault_token_is_renewed_in_the_second_half_of_its_lease() {
        let mut token = Token::new(at(0), granted(100));
        assert!(!token.is_due(at(50)) && token.is_due(at(51)));
        token.extend(at(60), &granted(100));
        assert!(!token.is_due(at(110)) && token.is_due(at(111)));
        // 30 seconds are left of its longest life, and no more are given.
        token.extend(at(130), &granted(30));
        assert!(!token.is_due(at(155)));
        assert!(token.is_alive(at(159)) && !token.is_alive(at(160)));
    }

    #[test]
    fn vault_token_without_a_lease_never_expires() {
        let token = Token::new(at(0), granted(0));
        assert!(token.is_alive(at(u32::MAX.into())) && !token.is_due(at(u32::MAX.into())));
    }
}
