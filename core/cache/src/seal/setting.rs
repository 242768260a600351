//! The setting for the sealing key's home.

use serde::{Deserialize, Serialize};

/// Where the sealing key may be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SealSetting {
    /// In the operating system's store if that answers without asking anybody, else in a file.
    #[default]
    Auto,
    /// In a file, and nowhere else.
    File,
    /// In the operating system's store, and nowhere else.
    SecretService,
}
