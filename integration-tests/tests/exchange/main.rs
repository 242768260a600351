//! The real binaries with a source that trades tokens, as processes, against an endpoint that checks
//! what it is given.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod ambient;
mod canary;
mod chain;
mod commands;
mod echo;
mod faults;
mod get;
mod headers;
mod inputs;
mod odd_answers;
mod once;
mod user;
