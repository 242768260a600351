//! A call of the engine, and its outcome.

use std::time::Duration;

use api_key_helper_cache::{Demand, KeyId, Policy, Validity};
use api_key_helper_values::{Error, Key, Moment};

use super::source::Source;

/// What one caller wants.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The profile's name.
    pub profile: &'a str,
    /// When a key may be printed.
    pub policy: &'a Policy,
    /// How long the caller goes on using it.
    pub hold: Duration,
    /// The longest time of the call.
    pub deadline: Duration,
    /// Which keys will do.
    pub demand: Demand,
    /// The sources that are being fetched by the processes that called this one, outermost first, each as
    /// the stem of its files, separated by commas.
    pub chain: &'a str,
}

impl Call<'_> {
    /// The same for one of the sources.
    pub(super) fn on(&self, source: &Source) -> Self {
        Self { demand: self.demand.on(source.planned.id.fingerprint), ..*self }
    }
}

/// The end of a call.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The key, or the error to show.
    pub answer: Result<Answer, Error>,
    /// What else the person should know.
    pub warnings: Vec<String>,
}

/// A key, and what there is to do behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The key.
    pub key: Key,
    /// Which key it is.
    pub key_id: KeyId,
    /// The name of the source that it comes from.
    pub source: String,
    /// Whether that source was asked for it by this call.
    pub is_new: bool,
    /// What is known of the key's time.
    pub validity: Validity,
    /// Whether a source wants to be asked behind the answer.
    pub refresh: bool,
}

/// A key that is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDisk {
    /// The key.
    pub key: Key,
    /// Which key it is.
    pub key_id: KeyId,
    /// The issuer's end of it, if it named one.
    pub expires_at: Option<Moment>,
    /// The name of its source.
    pub source: String,
}
