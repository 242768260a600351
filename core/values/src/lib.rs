//! Keys, secrets, errors and moments: the vocabulary of all crates.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

mod error;
mod exit_code;
mod fingerprint;
mod hint;
mod key;
mod moment;
mod secret;
pub mod text;
mod visible;

pub use error::{Error, ErrorKind, SHOWN_LENGTH, report, shorten};
pub use exit_code::exit_code;
pub use fingerprint::{Fingerprint, hex};
pub use hint::Hint;
pub use key::{Key, KeyError, MAX_KEY_LENGTH};
pub use moment::Moment;
pub use secret::Secret;
pub use visible::{is_invisible, plain, visible, visible_json};
