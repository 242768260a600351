//! Encryption at rest: the real binaries, the real Secret Service and the kernel's keyring.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod command;
mod core_image;
mod first_runs;
mod hosts;
mod kernel;
mod key_file;
mod moved;
mod secret_service;
mod seen;
