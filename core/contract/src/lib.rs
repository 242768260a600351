//! The contract between [api-key-helper](https://github.com/api-key-helper/api-key-helper) and its
//! backends: one way of obtaining an API key is one backend.
//!
//! A backend knows its server and nothing else. The engine caches, locks, retries, falls back to
//! another source, remembers failures, and keeps to the deadline. So a backend has two parts:
//!
//! - A function that builds a source from its [`SourceTable`], and asks no server. Its errors name
//!   file, line and column.
//! - [`Backend::fetch`], which is **one** attempt without the user. It neither retries nor sleeps,
//!   caches, prints or prompts. [`Attempt`] is all that it may ask of the engine.
//!
//! A [`Registration`] names both, and is what a program is given.
//!
//! # Example
//!
//! This backend reads a key that systemd gives to a service. Its tests use the [`testing`] kit.
//!
//! ```
#![doc = include_str!("../examples/systemd.rs")]
//! ```
//!
//! # Errors
//!
//! The kind of an [`Error`] is the one decision that a backend makes for the engine.
//!
//! | make | when | the engine |
//! |---|---|---|
//! | [`Error::transient`] | it may work in a moment: no network, 429, 5xx | tries again, then uses the last key, then asks the next source |
//! | [`Error::misconfigured`] | the user must fix the configuration or the machine | stops |
//! | [`Error::needs_login`] | only a sign-in helps | stops |
//! | [`Error::denied`] | the server itself, in its own form, says no | drops the cached key, and stops |
//! | [`Error::not_found`] | what was asked for is not there | asks the next source |
//!
//! In doubt it is `transient`: a proxy's page must not drop a key that works.
//!
//! A message is lower case, without a full stop, with names in backticks, and never with a secret;
//! a hint says what to do next. Both together are within 500 characters, for Claude Code shows no
//! more. A command of the program is data, [`Hint::with_command`]: the options of the call are
//! added where it is shown. A message that names its source says so by [`Error::about`]. Take
//! secrets out of what a server said with [`redact`] before it goes into a message.
//!
//! # Settings
//!
//! - [`SourceTable::parse`] reads the table into a type that `serde` derives. A setting that the
//!   type has no field for is an error that names the nearest one. `backend`, `timeout`, `retries`
//!   and `lifetime` are the engine's.
//! - [`SourceTable::variable`] reads an environment variable and records that: when its value
//!   changes, the cached key is another one. Read variables in no other way.
//!   [`SourceTable::selector`] reads one that says whose key it is, such as an account: each of its
//!   values has a cached key of its own.
//! - [`SourceTable::path`] makes a path absolute, relative to the file that it is written in.
//! - [`SecretInput`], as a field of the type, is where a secret of the backend's own is: a
//!   variable, a file, a program, another source. Pass it through [`SourceTable::input`] when the
//!   source is built, and read it with [`Attempt::resolve`] at each attempt.
//!
//! # The server's answer
//!
//! - [`Fields`] reads a JSON answer one field at a time, so that a field of an unexpected type
//!   costs no other one.
//! - [`Expiry`] reads an expiry in every usual form. If it is unreadable, return an error that
//!   names the field. A lifetime of 0 s is [`Moment::EPOCH`], and the engine says what to do about
//!   it. [`Moment`] and [`SystemTime`](std::time::SystemTime) convert into each other by `From`.
//! - [`Credential::expires_at`] is the issuer's end. Of a JWT or a set of AWS keys the engine reads
//!   it by itself.
//! - [`Credential::renewal`] is a secret that makes the next fetch possible without the user, such
//!   as a refresh token. [`renewal`] writes and reads one. Before a request that spends the old
//!   one, call [`Attempt::reserve_space`]; as soon as the new one is there,
//!   [`Attempt::store_renewal`].
//!
//! # In a program
//!
//! [Writing a
//! backend](https://github.com/api-key-helper/api-key-helper/blob/main/docs/writing-a-backend.md)
//! shows how a program gets a backend of your own, and which HTTP client ours use.
//!
//! # Features
//!
//! - `testing`: the module [`testing`], for `[dev-dependencies]`.
//! - `schema`: a source's table as JSON schema, by `schemars`. The project's reference is made of
//!   it.

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
pub mod redact;
mod registration;
pub mod renewal;
mod secret_input;
pub mod source_settings;
mod source_table;
pub mod stderr;
#[cfg(any(test, doc, feature = "testing"))]
pub mod testing;
pub mod text;

pub use ambient::Ambient;
pub use api_key_helper_values::{
    Error, ErrorKind, Hint, Key, KeyError, MAX_KEY_LENGTH, Moment, SHOWN_LENGTH, Secret,
};
/// Makes the functions of a trait `async`: implementations of [`Backend`] and [`Prompt`] need it.
#[doc(no_inline)]
pub use async_trait::async_trait;
pub use attempt::{Attempt, CHAIN_VARIABLE};
pub use backend::{Backend, Credential, SignIn};
pub use duration::RawDuration;
pub use expiry::Expiry;
pub use fields::Fields;
pub use prompt::{DeviceCode, Prompt, SignInPage};
pub use question::{Choice, Question, QuestionKind};
#[cfg(feature = "schema")]
pub use registration::Schema;
pub use registration::{Build, Registration};
pub use secret_input::SecretInput;
pub use source_table::{Reads, SourceTable, Variables};
