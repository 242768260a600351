//! The backend against a real OpenBao, and against servers that misbehave.

// The servers are run by `integration-tests`, which is written for Linux.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "real servers run by the real clock")]

mod auth;
mod clock;
mod common;
mod config;
mod engines;
mod failures;
mod leases;
mod tls;
mod tokens;
