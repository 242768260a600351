//! The recipes of `docs/recipes`. The tests do what the pages tell administrators and users to do,
//! with the real programs and real servers: a provider signs, and the server with the key checks.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
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
