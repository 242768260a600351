//! Runs the real binaries against real servers and the real client.
//!
//! A test that cannot have its server fails: nothing is skipped.

// What a test stands on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod attempt;
pub mod binaries;
pub mod call;
pub mod chromium;
pub mod client;
pub mod debian;
pub mod executables;
pub mod faults;
pub mod files;
pub mod gate;
pub mod home;
pub mod install;
pub mod instructions;
pub mod mounts;
pub mod player;
pub mod process;
pub mod servers;
pub mod sign_in;
mod signals;
pub mod state;
pub mod terminal;
pub mod trace;
pub mod traces;
pub mod visitor;
pub mod wait;
