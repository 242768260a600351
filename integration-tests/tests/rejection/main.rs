//! Keys that the API refuses, as processes: early retries of clients and their records.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod callers;
mod records;
mod refused;
mod user;
