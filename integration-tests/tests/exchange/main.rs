//! The real binaries with an exchange source, as processes, against an endpoint that checks subject
//! tokens.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
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
