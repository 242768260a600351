//! `exec`: a program with the key in its environment, as processes.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod ending;
mod environment;
mod refusals;
mod signals;
