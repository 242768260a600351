//! The real binaries with script sources, as processes.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod due;
mod fallback;
mod hit;
mod outage;
mod single_flight;
