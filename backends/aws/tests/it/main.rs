//! The backend against a real moto, through a proxy that fails, and against servers that misbehave.

// The servers are run by `integration-tests`, which is written for Linux.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "real servers run by the real clock")]

mod chain;
mod clock;
mod common;
mod config;
mod failures;
mod faults;
mod proxy;
mod reading;
mod roles;
mod rotation;
