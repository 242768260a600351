//! The script source, as processes.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod canary;
mod expiry;
mod loops;
mod output;
mod program;
mod signals;
