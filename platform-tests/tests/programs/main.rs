//! Tests of the real programs on the current platform.

// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod access;
mod apply;
mod cache;
mod doctor;
mod due;
mod exec;
mod fallback;
mod formats;
mod handover;
mod init;
mod links;
mod refused_keys;
mod script;
mod seal;
mod single_flight;
mod status;
mod variables;
