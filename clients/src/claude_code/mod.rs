//! Claude Code's settings.
//!
//! What is said of it was read from the bundle of version 2.1.330, and tried where
//! `integration-tests` tries it.

mod change;
mod places;
mod settings;

pub(crate) use places::{CONFIG_VARIABLE, MANAGED};

pub use change::{Change, slots};
pub use places::{Places, SettingsFile, Unreadable, winner};
pub use settings::{Setting, Settings};

pub use crate::scope::Scope;

/// The setting that names the shell line which prints the key.
pub const HELPER: &str = "apiKeyHelper";
/// The setting that holds variables for Claude Code's environment.
pub const ENV: &str = "env";
/// The variable, in the `env` block or the environment, that says how many milliseconds Claude Code
/// goes on using a key.
pub const TTL_VARIABLE: &str = "CLAUDE_CODE_API_KEY_HELPER_TTL_MS";
/// The variables that take the place of the helper's key: the first in `x-api-key`, the second in
/// `Authorization`.
pub const KEY_VARIABLES: [&str; 2] = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"];
