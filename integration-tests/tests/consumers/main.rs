//! The real clients of each format, set up as their sections of `docs/clients.md` say.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod aws;
mod cargo;
mod claude_code;
mod claude_desktop;
mod codex;
mod git;
mod google;
mod kubernetes;
mod mcp;
mod page;
mod python;
mod shell;
mod telemetry;
mod user;
