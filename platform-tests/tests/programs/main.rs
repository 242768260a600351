//! The real programs on the platform that runs this.

// What tests stand on may panic: that is how a test fails.
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
