//! Runs the real binaries against real servers and the real client.
//!
//! A test without its server fails: none is skipped.

// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

// Modules that are the same on every platform.
pub use platform_tests::{binaries, call, executables, fake_client, files, process, state, wait};

pub mod breakpoint;
pub mod chromium;
pub mod client;
pub mod debian;
pub mod faults;
pub mod home;
pub mod install;
pub mod instructions;
pub mod mounts;
pub mod raw_http;
pub mod secret_forms;
pub mod servers;
pub mod sign_in;
pub mod source;
pub mod strace;
pub mod syscalls;
pub mod terminal;
