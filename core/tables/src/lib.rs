//! Tables of a TOML file in which each value knows where it stands, and what may not be set in
//! them.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod document;
mod located;
mod locked;
mod wrong_value;

pub use document::{Document, Place, Places};
pub use located::{Located, fields};
pub use locked::Locked;
