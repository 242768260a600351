//! The backend against a token endpoint that checks what it is given, and against servers that
//! misbehave.

// The servers are run by `integration-tests`, which is written for Linux.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod clients;
mod clock;
mod common;
mod grants;
mod once;
mod refusals;
mod revocation;
