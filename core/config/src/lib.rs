//! The configuration: TOML files, variables and their precedence, parsed and checked.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod configuration;
mod definitions;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod locked;
mod profile;
mod settings;
mod uses;

pub use api_key_helper_backend::source_settings::SourceSettings;
pub use api_key_helper_backend::{RawDuration, Reads, SourceTable, Variables};
pub use api_key_helper_tables::Place;
pub use configuration::{ConfigFile, Configuration, is_name};
pub use profile::{ConfiguredSource, DEADLINE, Profile};
pub use settings::{OnRejection, ProfileSettings, Share};

#[cfg(test)]
mod tests;
