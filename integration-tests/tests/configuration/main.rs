//! The configuration, as processes: `init`, precedence, locked settings, mistakes, and files that
//! others can write.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod init;
mod locked;
mod machine;
mod mistakes;
mod precedence;
mod trust;
