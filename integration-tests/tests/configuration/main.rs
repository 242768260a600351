//! The configuration, as processes: `init`, precedence, locked settings, mistakes, and files that
//! others can write.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod init;
mod locked;
mod machine;
mod mistakes;
mod precedence;
mod trust;
