//! Decides whether a cached key may be printed, and how to replace it when not.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

#[cfg(feature = "engine")]
mod backend;
#[cfg(feature = "engine")]
pub mod config;
mod error;
mod key;
mod secret;

#[cfg(feature = "engine")]
pub use backend::{Attempt, Backend, Credential, DeviceCode, FetchRequest, Prompt, SecretInput};
pub use error::{Error, ErrorKind, SHOWN_LENGTH, report};
pub use key::{Key, KeyError, MAX_KEY_LENGTH};
pub use secret::Secret;
