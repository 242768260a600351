//! The contract of a backend: what it is asked, what it answers, and what it reads its settings with.
//!
//! A backend implements [`Backend`] and is built from a [`SourceTable`]. It needs no other crate of
//! ours.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod ambient;
mod attempt;
mod backend;
pub mod document;
mod duration;
mod expiry;
pub mod field;
mod fields;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod jwt;
mod prompt;
mod question;
mod redact;
mod registration;
pub mod renewal;
mod secret_input;
mod source_settings;
mod source_table;
pub mod stderr;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use ambient::Ambient;
pub use api_key_helper_values::{
    Error, ErrorKind, Hint, Key, KeyError, MAX_KEY_LENGTH, Moment, SHOWN_LENGTH, Secret, hex,
    is_invisible, plain, report, shorten, text, visible, visible_json,
};
// The traits are written with it.
pub use async_trait::async_trait;
pub use attempt::{Attempt, CHAIN_VARIABLE};
pub use backend::{Backend, Credential, SignIn};
pub use duration::RawDuration;
pub use expiry::{Expiry, rfc3339};
pub use fields::Fields;
pub use prompt::{DeviceCode, Prompt, SignInPage};
pub use question::{Choice, Question, QuestionKind};
pub use redact::{redact, redact_error, redact_message};
#[cfg(feature = "schema")]
pub use registration::Schema;
pub use registration::{Build, Registration};
pub use secret_input::SecretInput;
pub use source_settings::SourceSettings;
pub use source_table::{Reads, SourceTable, Variables};
