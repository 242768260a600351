//! Runs the real programs on every platform.
//!
//! This crate has what tests need everywhere: a user with a home folder, calls and their results,
//! and the files that the helper keeps. `integration-tests`, which builds on it, adds what only
//! Linux has.

// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[cfg(windows)]
pub mod access_list;
pub mod binaries;
pub mod breakpoint;
pub mod call;
pub mod executables;
pub mod fake_client;
pub mod files;
pub mod home;
#[cfg(target_os = "linux")]
pub mod process;
pub mod shell;
#[cfg(target_os = "linux")]
mod signals;
pub mod state;
pub mod wait;
