//! The real binaries as the `apiKeyHelper` of the real client, with the key in a real OpenBao.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
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
