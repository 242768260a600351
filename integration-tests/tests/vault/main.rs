//! The real binaries with vault sources, as processes, against a real OpenBao.
//!
//! Every call of a [`user::User`] is searched for secrets, and so is all that it leaves behind.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod auth;
mod canary;
mod certificates;
mod documentation;
mod engines;
mod environment;
mod failover;
mod impostors;
mod init;
mod inputs;
mod leases;
mod outage;
mod proxies;
mod refusals;
mod server;
mod tls;
mod tokens;
mod user;
