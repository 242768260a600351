//! The one HTTP client of the backends: how a request is sent, and why it failed.
//!
//! What a backend asks and what an answer means is its own. How it goes there is the same for all: an
//! [`Address`] that a secret may travel to, a [`client`] that takes no detours, an answer that is not
//! read without end, and a [`Failure`] that says whether the server may have read the request. What a
//! person can do about it depends on the backend's settings, so each brings its own [`Words`].
//! What OAuth's servers answer has one form for all that ask them ([`oauth`]).

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod address;
mod cause;
mod client;
mod exchange;
mod failure;
mod form;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod oauth;
pub mod pem;
mod quote;
mod retry_after;
mod seconds;
mod server_time;
mod trust;
mod words;

pub use address::{Address, is_loopback};
pub use cause::{cause, tls_error};
pub use client::{build, client, time};
pub use exchange::{body, send};
pub use failure::{Failure, unreachable};
pub use form::{Form, basic_auth};
pub use quote::quote;
pub use retry_after::{parse_retry_after, retry_after};
pub use seconds::optional_seconds;
pub use server_time::{parse_server_time, server_time};
pub use trust::untrusted;
pub use words::Words;
