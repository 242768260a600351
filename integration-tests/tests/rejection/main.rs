//! Keys that the API refuses, as processes: early retries of clients and their records.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod callers;
mod records;
mod refused;
mod user;
