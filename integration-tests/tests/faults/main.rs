//! Faults of the machine, with the real programs.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod clocks;
mod hosts;
mod soak;
mod suspended;
mod system_calls;
mod vanished;
