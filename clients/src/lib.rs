//! Reads and changes the settings files of the programs that use a key.
//!
//! Everything else in such a file stays the same, byte for byte. Each program's own rules are in a
//! module of its name. This crate does not know where keys come from, and shows no setting's value:
//! it may be a secret.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod backup;
pub mod claude_code;
pub mod claude_desktop;
pub mod codex;
mod file;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod helper_line;
mod home;
mod json;
pub mod mcp;
mod refusal;
mod scope;
mod slots;
mod syntax;
mod target;
mod toml;

pub use file::settings_text;
pub use helper_line::{HelperLine, NotText};
pub use json::{Malformed, Position};
pub use refusal::Refusal;
pub use scope::Scope;
pub use slots::{Helper, SlotValue, Slots};
pub use syntax::Syntax;
pub use target::{Target, Undo, UndoOutcome};
