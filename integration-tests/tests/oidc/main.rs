//! The real binaries with an OpenID Connect source, as processes, against a real provider.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod browser;
mod canary;
mod crowd;
mod get;
mod init;
mod interrupted;
mod login;
mod logout;
mod machine;
mod odd_answers;
mod proxy;
mod screen;
mod sealed;
mod terminal;
mod user;
