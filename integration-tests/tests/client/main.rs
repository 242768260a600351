//! The real binaries as the `apiKeyHelper` of the real client, with the key in a real OpenBao.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod bearer;
mod failure;
mod idle;
mod others;
mod refused;
mod rotation;
mod runs;
mod screen;
mod settings;
mod world;
