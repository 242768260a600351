//! The configuration: TOML files, variables and their precedence.

mod configuration;
mod document;
mod duration;
mod located;
mod locked;
mod profile;
mod settings;
mod source_table;

pub use configuration::{ConfigFile, Configuration};
pub use document::Place;
pub use duration::Written;
pub use profile::{ConfiguredSource, Profile};
pub use settings::{OnRejection, ProfileSettings, Share, SourceSettings};
pub use source_table::{Reads, SourceTable, Variables};

#[cfg(test)]
mod tests;
