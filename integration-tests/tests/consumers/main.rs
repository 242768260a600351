//! The real clients of each format, configured as their sections of `docs/clients.md` describe.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
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
