//! The installed files: the Debian package, manual pages and completions, and the way from there to
//! a first answer.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod company_backend;
mod completions;
mod debian;
mod examples;
mod manual;
mod quick_start;
