//! What the real binaries keep from whoever is near them: other processes, odd files, closed streams.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod memory;
mod modes;
mod reads;
mod streams;
