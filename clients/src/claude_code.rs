//! Claude Code's settings.
//!
//! The source of these facts is the bundle of version 2.1.330; `integration-tests` tests a part of
//! them with the program.

mod change;
mod places;
mod settings;

pub(crate) use places::{CONFIG_VARIABLE, LOCAL_FILE, MANAGED};

pub use change::{Change, slots};
pub use places::{Places, SettingsFile, Unreadable, winner};
pub use settings::{ENV, HELPER, KEY_VARIABLES, Setting, Settings, TTL_VARIABLE};

pub use crate::scope::Scope;
