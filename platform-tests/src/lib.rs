//! Runs the real programs on every platform.
//!
//! What tests need everywhere is here: a user with a home of their own, calls and their answers, and
//! the files that the helper keeps. What only Linux has is in `integration-tests`, which builds on this.

// What a test stands on may panic: that is how a test fails.
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
