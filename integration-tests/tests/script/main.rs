//! The real binaries with script sources, as processes.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod apply;
mod apply_codex;
mod apply_desktop;
mod apply_mcp;
mod apply_scopes;
mod apply_ttl;
mod apply_undo;
mod bad_configuration;
mod bad_output;
mod bad_program;
mod bad_state;
mod canary;
mod desk;
mod due;
mod expiry;
mod fallback;
mod first_runs;
mod get;
mod handover;
mod hit;
mod housekeeping;
mod init;
mod locked;
mod log;
mod machine;
mod outage;
mod precedence;
mod rejection;
mod rejection_callers;
mod rejection_records;
mod signals;
mod single_flight;
mod source_change;
mod status;
mod trust;
