//! The real binaries with sources that use others, and with profiles of several sources.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
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
