//! The real binaries with Vault sources, as processes, against a real OpenBao.
//!
//! A [`user::User`] searches every call and all files that it leaves for secrets.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
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
