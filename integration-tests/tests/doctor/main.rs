//! `doctor`, with a healthy setup and with each fault.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod canary;
mod client;
mod configuration;
mod other_clients;
mod rehearsal;
mod screen;
mod servers;
mod setup;
mod sources;
mod state;
