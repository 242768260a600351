//! The real binaries with sources that use others, and with profiles of several sources.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod canary;
mod configuration;
mod doctor;
mod failover;
mod failures;
mod links;
mod sign_in;
mod status;
mod user;
mod vault;
