//! What `--json` prints. Its names stay: there may be more of them. Moments are RFC 3339, durations
//! whole seconds.

use api_key_helper_core::{Error, Freshness, Moment, SignIn};
use serde::{Serialize, Serializer};

use super::outlook::{NextCall, Refresh};
use crate::seal::SealStatus;

/// A profile, and what the next call of this caller will do.
#[derive(Debug, Serialize)]
pub(crate) struct ProfileStatus {
    pub(crate) profile: String,
    pub(crate) configuration: Vec<String>,
    pub(crate) state_folder: String,
    /// Where the key is that seals the entries, if there can be one.
    pub(crate) seal: Option<SealStatus>,
    pub(crate) ttl_seconds: u64,
    pub(crate) hold_seconds: u64,
    pub(crate) next_call: NextCallStatus,
    pub(crate) sources: Vec<SourceStatus>,
}

#[derive(Debug, Serialize)]
pub(crate) struct NextCallStatus {
    pub(crate) does: NextCall,
    /// Whose key it prints or asks for, or whose error it repeats.
    pub(crate) source: String,
    /// Why it is not the first source's, in words; none where it is.
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct SourceStatus {
    pub(crate) name: String,
    pub(crate) backend: String,
    pub(crate) key: KeyState,
    #[serde(serialize_with = "moment")]
    pub(crate) fetched_at: Option<Moment>,
    /// The issuer's end.
    #[serde(serialize_with = "moment")]
    pub(crate) expires_at: Option<Moment>,
    /// Until when it is fresh.
    #[serde(serialize_with = "moment")]
    pub(crate) fresh_until: Option<Moment>,
    /// Until when it is printed at once, and replaced behind the answer.
    #[serde(serialize_with = "moment")]
    pub(crate) due_until: Option<Moment>,
    /// Until when it is printed if the source is down.
    #[serde(serialize_with = "moment")]
    pub(crate) usable_until: Option<Moment>,
    /// When the source is asked next.
    pub(crate) refresh: Refresh,
    pub(crate) has_renewal: bool,
    pub(crate) sign_in: Option<SignInStatus>,
    pub(crate) failure: Option<FailureStatus>,
    /// Until when a client is told that the API refuses this key.
    #[serde(serialize_with = "moment")]
    pub(crate) refused_until: Option<Moment>,
    /// The sources whose keys are secret inputs of this one.
    pub(crate) uses: Vec<Self>,
}

/// How a source's cached key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyState {
    Fresh,
    Due,
    Stale,
    Expired,
    None,
    Unreadable,
}

impl From<Freshness> for KeyState {
    fn from(freshness: Freshness) -> Self {
        match freshness {
            Freshness::Fresh => Self::Fresh,
            Freshness::Due => Self::Due,
            Freshness::Stale => Self::Stale,
            Freshness::Expired => Self::Expired,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct SignInStatus {
    pub(crate) account: Option<String>,
    /// When a human is needed again, if that is known.
    #[serde(serialize_with = "moment")]
    pub(crate) expires_at: Option<Moment>,
    pub(crate) scopes: Vec<String>,
    /// Asked for and not granted.
    pub(crate) missing_scopes: Vec<String>,
}

impl From<SignIn> for SignInStatus {
    fn from(sign_in: SignIn) -> Self {
        let SignIn { account, expires_at, scopes, missing_scopes } = sign_in;
        Self { account, expires_at: expires_at.map(Moment::from), scopes, missing_scopes }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct FailureStatus {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    #[serde(serialize_with = "moment")]
    pub(crate) failed_at: Option<Moment>,
    /// How many there were in a row.
    pub(crate) count: u32,
    /// Whether the source is not being asked just now.
    pub(crate) pauses: bool,
    /// Until when it is not.
    #[serde(serialize_with = "moment")]
    pub(crate) pause_until: Option<Moment>,
}

impl FailureStatus {
    /// The failure as an error that a fallback made up for.
    pub(crate) fn error(&self) -> Error {
        let error = Error::transient(self.message.clone());
        match &self.hint {
            Some(hint) => error.with_hint(hint.clone()),
            None => error,
        }
    }
}

fn moment<S: Serializer>(moment: &Option<Moment>, serializer: S) -> Result<S::Ok, S::Error> {
    moment.map(Moment::rfc3339).serialize(serializer)
}
