//! The protocols by which clients ask for a key and read the answer.
//!
//! This crate uses no network, no disk and no cache. A client's request comes in as bytes and
//! variables; the answer goes out as text.

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

use api_key_helper_values::{Key, Moment};

use destination::Destination;

pub use ask::{Ask, refusal};
pub use env::Shell;
pub use exec_credential::ExecInfo;
pub use git::Description;
pub use google_executable::TokenType;
pub use headers::HeadersOf;
pub use limits::{hold, limit};
pub use origin::Origin;
pub use settings::{Format, FormatName, Headers, Username, VariableName};

/// A key for a client, with what the formats tell about it.
#[derive(Debug)]
pub struct IssuedKey<'a> {
    /// The key.
    pub key: &'a Key,
    /// The name of its source.
    pub source: &'a str,
    /// The issuer's expiry, if it named one.
    pub expires_at: Option<Moment>,
    /// The moment at which a client that caches the key should ask again; never after the expiry.
    pub ask_again_at: Moment,
}

/// Reads an environment variable.
pub type Variable<'a> = &'a dyn Fn(&str) -> Option<OsString>;
