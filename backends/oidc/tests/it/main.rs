//! The backend against a real OpenID provider, and against servers that misbehave.

// The servers are run by `integration-tests`, which is written for Linux.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod browser;
mod client_credentials;
mod clock;
mod common;
mod discovery;
mod id_token;
mod login;
mod lost_answers;
mod proxy;
mod refresh;
mod refusals;
mod revocation;
