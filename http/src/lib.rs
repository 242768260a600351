//! The HTTP client of the backends: sends a request, and reports why one failed.
//!
//! Each backend decides on its requests, and on the meaning of the responses. Shared are an
//! [`Address`] that may receive a secret, a [`client`] without redirects, a limit for the response,
//! and a [`Failure`] that says whether the server may have read the request. Hints depend on a
//! backend's settings, so each backend brings its own [`Words`]. OAuth servers have one error
//! format ([`oauth`]).
//!
//! # Example
//!
//! ```
#![doc = include_str!("../examples/keyserver.rs")]
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod address;
mod body;
mod cause;
mod client;
mod encoding;
mod failure;
mod form;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod oauth;
pub mod pem;
mod proxy;
mod quote;
mod retry_after;
mod route;
mod server_time;
mod status;
mod trust;
mod unanswered;
mod words;

pub use address::{Address, is_loopback, url};
pub use body::{body, read};
pub use cause::{cause, find};
pub use client::{Client, build, client, time};
pub use failure::Failure;
pub use form::{Form, basic_auth};
pub use proxy::{Proxy, ProxyVariables, Way};
pub use quote::quote;
pub use retry_after::{parse_retry_after, retry_after};
pub use route::Route;
pub use server_time::{parse_server_time, server_time};
pub use status::is_transient_status;
pub use unanswered::{Unanswered, unreachable};
pub use words::Words;
