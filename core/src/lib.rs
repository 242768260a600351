//! Decides whether a cached key may be printed, and how to replace it when not.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

// What the manual shows names this crate as others do.
#[cfg(all(test, feature = "engine"))]
extern crate self as api_key_helper_core;

#[cfg(feature = "engine")]
mod ambient;
#[cfg(feature = "engine")]
mod backend;
#[cfg(feature = "engine")]
pub mod config;
#[cfg(feature = "engine")]
mod disk;
#[cfg(feature = "engine")]
pub mod document;
#[cfg(feature = "engine")]
pub mod engine;
mod entry;
mod environment_mark;
mod error;
mod failure;
#[cfg(feature = "engine")]
mod fetch_request;
mod fingerprint;
mod folder;
mod freshness;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod hit;
#[cfg(feature = "engine")]
mod housekeeping;
#[cfg(feature = "engine")]
mod jwt;
mod key;
mod key_id;
mod moment;
mod own_memory;
mod places;
mod plan;
#[cfg(feature = "engine")]
mod prompt;
mod read_file;
#[cfg(feature = "engine")]
mod redact;
pub mod rejection;
#[cfg(feature = "engine")]
pub mod renewal;
mod seal;
mod secret;
#[cfg(feature = "engine")]
mod secret_input;
mod stdout;
pub mod trust;

#[cfg(feature = "engine")]
pub use ambient::Ambient;
#[cfg(feature = "engine")]
pub use backend::{Backend, Credential, SignIn};
#[cfg(feature = "engine")]
pub use disk::without_draft;
pub use entry::{ENTRY_VERSION, Entry, EntryId};
pub use environment_mark::EnvironmentMark;
pub use error::{Error, ErrorKind, SHOWN_LENGTH, report};
pub use failure::Failure;
#[cfg(feature = "engine")]
pub use fetch_request::{Attempt, FetchRequest};
pub use fingerprint::{Fingerprint, hex};
pub use folder::{ReadError, StateFolder};
pub use freshness::{Bounds, Freshness, Policy, Validity};
pub use hit::{Hit, Lookup, look};
pub use key::{Key, KeyError, MAX_KEY_LENGTH};
pub use key_id::KeyId;
pub use moment::Moment;
pub use own_memory::{close_memory, forbid_core_images, keep_files_private};
pub use places::Places;
pub use plan::{
    CHAIN_VARIABLE, CLIENT_TTL_DEFAULT, CLIENT_TTL_VARIABLE, CONFIG_VARIABLE, Hold, OWN_VARIABLES,
    Plan, PlanInputs, PlannedSource, decides, is_claude_code,
};
#[cfg(feature = "engine")]
pub use prompt::{DeviceCode, Prompt, SignInPage};
pub use read_file::{open_file, read_file};
#[cfg(feature = "engine")]
pub use redact::redact;
#[cfg(test)]
pub(crate) use seal::Unsealed;
pub use seal::{
    KernelKeyring, KeyFile, Memory, Nonce, Refused, Seal, SealSetting, SealingKey, SealingKeys,
    keys_at_hand,
};
pub use secret::Secret;
#[cfg(feature = "engine")]
pub use secret_input::SecretInput;
pub use stdout::print;
