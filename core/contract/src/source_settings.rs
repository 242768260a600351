//! The settings that every source has.

use api_key_helper_tables::fields;
use serde::Deserialize;

use crate::RawDuration;

/// What a `[source.NAME]` has whatever its backend is.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceSettings {
    /// The backend that reads the rest of the table.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub backend: Option<String>,
    /// The longest time of one attempt.
    ///
    /// Default: the profile's.
    ///
    /// Also: `API_KEY_HELPER_TIMEOUT_MS`, which takes precedence.
    pub timeout: Option<RawDuration>,
    /// Attempts after the first one, if the failure may be temporary.
    ///
    /// Default: the profile's.
    ///
    /// Also: `API_KEY_HELPER_RETRY_COUNT`, which takes precedence.
    pub retries: Option<u32>,
    /// The life of a key if neither the answer nor the key (a JWT's `exp`, AWS's `Expiration`) says
    /// it, or if they say 0 s.
    ///
    /// Default: unlimited.
    pub lifetime: Option<RawDuration>,
}

impl SourceSettings {
    /// The names of its settings.
    #[must_use]
    pub fn keys() -> &'static [&'static str] {
        fields::<Self>()
    }

    /// Whether changing `key` makes it another source, whose entry is not the old one's. Settings
    /// that only say how to ask do not.
    #[must_use]
    pub fn is_part_of_identity(key: &str) -> bool {
        key == "backend" || key != "shell" && !Self::keys().contains(&key)
    }
}
