//! The backend against a real OpenID provider, and against servers that misbehave.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod browser;
mod client_credentials;
mod clock;
mod common;
mod discovery;
mod id_token;
mod login;
mod lost_answers;
mod proxy;
mod refresh;
mod refusals;
