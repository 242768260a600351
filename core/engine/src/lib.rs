//! The engine: replaces keys, with single flight, retries, fallback and cooldowns.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod attempt;
mod backoff;
mod cache;
mod call;
mod disk;
mod fetched;
mod get;
mod held;
mod known;
mod login;
mod refresh;
mod remembered;
mod resolver;
mod server_time;
mod source;
mod world;

pub use cache::replace;
pub use call::{Answer, Call, OnDisk, Outcome};
pub use get::{at_once, get, on_disk};
pub use login::{LoggedIn, discard, forget, forget_key, login, logout, seal_anew, unopened};
pub use resolver::policy_of_used;
pub use server_time::{ServerTime, server_time};
pub use source::Source;
pub use world::{Chance, Clock, Disk, Draft, Event, Inputs, Journal, Lock, World};

#[cfg(test)]
mod tests;
