//! The real binaries with AWS sources, as processes, against a real moto.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
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
