//! Faults of the machine, on the real programs.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod clocks;
mod hosts;
mod soak;
mod suspended;
mod system_calls;
mod vanished;
