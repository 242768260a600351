//! The real binaries with AWS sources, as processes, against a real moto.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod account;
mod barrier;
mod canary;
mod environment;
mod faults;
mod getting;
mod hit;
mod inputs;
mod refusals;
mod rotation;
mod search;
mod sessions;
mod single_flight;
mod user;
