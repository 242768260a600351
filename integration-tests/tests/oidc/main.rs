//! The real binaries with an OpenID Connect source, as processes, against a real provider.

#![cfg(target_os = "linux")]
// What tests stand on may panic: that is how a test fails.
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
