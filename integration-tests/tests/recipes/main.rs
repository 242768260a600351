//! The recipes of `docs/recipes`: what their pages tell administrators and users to do is done here, by
//! the real programs with real servers. A provider signs, and whoever has the key checks.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod anthropic;
mod aws;
mod canary;
mod company;
mod crowd;
mod failover;
mod lifetimes;
mod page;
mod place;
mod sign_out;
mod vault;
