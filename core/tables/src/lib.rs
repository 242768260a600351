//! Tables of a TOML file in which each value has its place, and locks on their keys.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod deserializer;
mod document;
mod located;
mod locked;
mod wrong_value;

pub use document::{Document, Place, Places};
pub use located::{Located, fields};
pub use locked::Locked;
