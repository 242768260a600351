//! The script source, as processes.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod canary;
mod expiry;
mod loops;
mod output;
mod program;
mod signals;
