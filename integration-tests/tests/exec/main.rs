//! `exec`: a program with the key in its environment, as processes.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod ending;
mod environment;
mod refusals;
mod signals;
