//! What the renewals of all backends are made of.
//!
//! A renewal is an opaque, versioned text of its backend's own: the engine keeps it and gives it
//! back, and only its backend knows what is in it. Here are the text (JSON), the mark of its
//! version and the two kinds of field that `serde` must be told how to write.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Secret;

/// What was kept; what is of another version, or not ours, is nothing.
#[must_use]
pub fn read<T: DeserializeOwned>(secret: &Secret) -> Option<T> {
    serde_json::from_str(secret.expose()).ok()
}

/// Returns whether `secret` has the fields that a `T` is written with, and no others. A `T` whose
/// fields are all optional can be read from the renewal of another backend too.
#[must_use]
pub fn is_written_as<T: DeserializeOwned + Serialize>(secret: &Secret) -> bool {
    let fields = read::<BTreeMap<String, IgnoredAny>>;
    read::<T>(secret).is_some_and(|renewal| fields(secret) == fields(&write(&renewal)))
}

/// The text to keep. `renewal` has no map with keys that are not strings, and nothing else can
/// fail.
#[must_use]
pub fn write<T: Serialize>(renewal: &T) -> Secret {
    Secret::new(serde_json::to_string(renewal).unwrap_or_default())
}

/// A field that says of which version a backend's format is. One of another version is not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version<const NUMBER: u8>;

impl<const NUMBER: u8> Serialize for Version<NUMBER> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(NUMBER)
    }
}

impl<'de, const NUMBER: u8> Deserialize<'de> for Version<NUMBER> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if u8::deserialize(from)? == NUMBER {
            Ok(Self)
        } else {
            Err(serde::de::Error::custom("another version"))
        }
    }
}

/// A [`Secret`] as a string. A [`Secret`] itself cannot be written, so that whoever writes one says
/// so: `#[serde(with = "secret")]`.
pub mod secret {
    use super::{Deserialize, Deserializer, Secret, Serializer};

    /// Writes what is in it.
    ///
    /// # Errors
    /// What `to` says.
    pub fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose())
    }

    /// Takes a string.
    ///
    /// # Errors
    /// When there is none.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        String::deserialize(from).map(Secret::new)
    }
}

/// A time, where there is one, in whole seconds since the Unix epoch.
pub mod unix {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use super::{Deserialize, Deserializer, Serialize, Serializer};

    /// Rounds down; what lies before the epoch becomes the epoch.
    ///
    /// # Errors
    /// What `to` says.
    pub fn serialize<S: Serializer>(time: &Option<SystemTime>, to: S) -> Result<S::Ok, S::Error> {
        time.map(|time| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()).serialize(to)
    }

    /// Takes seconds. More than a time can hold are none.
    ///
    /// # Errors
    /// When it is another thing than a number that is not negative.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SystemTime>, D::Error> {
        let seconds = Option::<u64>::deserialize(from)?;
        Ok(seconds.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use super::*;

    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    struct Renewal<const NUMBER: u8> {
        version: Version<NUMBER>,
        #[serde(with = "secret")]
        token: Secret,
        #[serde(with = "unix")]
        expires_at: Option<SystemTime>,
    }

    fn renewal<const NUMBER: u8>(expires_at: Option<SystemTime>) -> Renewal<NUMBER> {
        Renewal { version: Version, token: Secret::from("hunter2"), expires_at }
    }

    #[test]
    fn backend_state_is_versioned_json() {
        let end = UNIX_EPOCH + Duration::from_millis(7_900);
        let text = write(&renewal::<3>(Some(end)));
        assert_eq!(text.expose(), r#"{"version":3,"token":"hunter2","expires_at":7}"#);
        let back = Some(renewal::<3>(Some(UNIX_EPOCH + Duration::from_secs(7))));
        assert_eq!(read(&text), back);
        assert_eq!(read(&write(&renewal::<3>(None))), Some(renewal::<3>(None)));
    }

    #[test]
    fn backend_state_of_another_backend_is_recognized_by_its_fields() {
        let own = write(&renewal::<3>(None));
        assert!(is_written_as::<Renewal<3>>(&own) && !is_written_as::<Renewal<4>>(&own));
        let other = Secret::new(own.expose().replace('}', ",\"lease\":{}}"));
        assert!(read::<Renewal<3>>(&other).is_some() && !is_written_as::<Renewal<3>>(&other));
        let turned = Secret::from(r#"{"expires_at":null,"token":"hunter2","version":3}"#);
        assert!(is_written_as::<Renewal<3>>(&turned));
    }

    #[test]
    fn backend_state_of_another_version_is_none() {
        let other = write(&renewal::<4>(None));
        for text in ["", "token", "{}", "[]", other.expose()] {
            assert_eq!(read::<Renewal<3>>(&Secret::from(text)), None, "{text}");
        }
    }
}
