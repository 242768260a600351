//! The configuration: TOML files, variables and their precedence.

mod configuration;
mod document;
mod duration;
mod format;
mod located;
mod locked;
mod origin;
mod profile;
mod settings;
mod source_table;
mod uses;
mod wrong_value;

pub use configuration::{ConfigFile, Configuration, is_name};
pub use document::Place;
pub use duration::Written;
pub use format::{Format, FormatName, Headers, Username, VariableName};
pub use origin::Origin;
pub use profile::{ConfiguredSource, Profile};
pub use settings::{OnRejection, ProfileSettings, Share, SourceSettings};
pub use source_table::{Reads, SourceTable, Variables};

#[cfg(test)]
mod tests;
