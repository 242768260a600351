//! A call of the engine, and its outcome.

use std::time::Duration;

use api_key_helper_cache::{Demand, KeyId, Policy, Validity};
use api_key_helper_values::{Error, Key, Moment};

use super::source::Source;

/// A caller's request.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The profile's name.
    pub profile: &'a str,
    /// The policy for printing a key.
    pub policy: &'a Policy,
    /// The time for which the caller uses the key.
    pub hold: Duration,
    /// The longest time of the call.
    pub deadline: Duration,
    /// The keys that the call accepts.
    pub demand: Demand,
    /// The sources that calling processes are fetching, outermost first: the stems of their files,
    /// separated by commas.
    pub chain: &'a str,
}

impl Call<'_> {
    /// The call as one of its sources sees it.
    pub(super) fn on(&self, source: &Source) -> Self {
        Self { demand: self.demand.on(source.planned.id.fingerprint), ..*self }
    }
}

/// The result of a call.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The key, or the error to show.
    pub answer: Result<Answer, Error>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
}

/// A key, and the refresh to start after printing it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The key.
    pub key: Key,
    /// The key's identity.
    pub key_id: KeyId,
    /// The name of the source that gave it.
    pub source: String,
    /// Set if this call fetched it.
    pub is_new: bool,
    /// The key's times.
    pub validity: Validity,
    /// Set if a source should be refreshed in the background.
    pub refresh: bool,
}

/// A key on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDisk {
    /// The key.
    pub key: Key,
    /// The key's identity.
    pub key_id: KeyId,
    /// The issuer's expiry, if known.
    pub expires_at: Option<Moment>,
    /// The name of its source.
    pub source: String,
}
