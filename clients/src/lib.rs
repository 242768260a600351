//! Reads and changes the settings files of the programs that use a key.
//!
//! What is not the key's business in such a file stays as it is, byte for byte. A program's own rules
//! stand in a module of its own name; the others are for all of them. Nothing here knows where keys
//! come from, and nothing is shown of a setting's value: it may be a secret.

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
pub use slots::{Found, Helper, Slots};
pub use syntax::Syntax;
pub use target::{Target, Undo, Undone};
