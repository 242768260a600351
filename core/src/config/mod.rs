//! The configuration: TOML files, variables and their precedence.

mod document;
mod duration;
mod located;
mod settings;
mod source_table;

pub use document::Place;
pub use duration::Written;
pub use settings::{OnRejection, ProfileSettings, Share, SourceSettings};
pub use source_table::{Reads, SourceTable, Variables};
