//! How clients ask for a key, and how they read the answer: each has a form of its own.
//!
//! Nothing here asks anybody, or knows a cache: what a client says goes in as bytes and variables, and
//! what it shall read comes out as text.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod ask;
pub mod cargo;
mod claude_desktop;
mod credential_process;
mod destination;
mod env;
mod exec_credential;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod git;
mod google_executable;
mod headers;
mod json;
mod limits;
mod origin;
#[cfg(test)]
mod sample;
mod settings;

use std::ffi::OsString;

use api_key_helper_values::{Error, Key, Moment};

use destination::Destination;

pub use ask::Ask;
pub use env::Shell;
pub use exec_credential::ExecInfo;
pub use git::Description;
pub use google_executable::TokenType;
pub use headers::HeadersOf;
pub use limits::{hold, limit};
pub use origin::Origin;
pub use settings::{Format, FormatName, Headers, Username, VariableName};

/// A key that answers an ask.
#[derive(Debug)]
pub struct IssuedKey<'a> {
    /// The key.
    pub key: &'a Key,
    /// The name of its source.
    pub source: &'a str,
    /// The issuer's end of it, if it named one.
    pub expires_at: Option<Moment>,
    /// When the client should ask again, if it keeps the key: never later than that end.
    pub ask_again_at: Moment,
}

/// Reads an environment variable.
pub type Variable<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// `error` in the form that the client shows; `None` for those that show stderr, and look at the exit
/// code.
#[must_use]
pub fn refusal(format: FormatName, error: &Error) -> Option<String> {
    match format {
        FormatName::Cargo => Some(cargo::refusal(error)),
        FormatName::GoogleExecutable => Some(google_executable::refusal(error)),
        _ => None,
    }
}
