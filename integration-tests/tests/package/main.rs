//! What people install: the Debian package, manual pages and completions, and the way from there to a
//! first answer.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod company_backend;
mod completions;
mod debian;
mod examples;
mod manual;
mod quick_start;
