//! What `--json` prints. Its names stay: there may be more of them. Moments are RFC 3339, durations
//! whole seconds.

use api_key_helper_core::{Freshness, Moment, SignIn};
use serde::{Serialize, Serializer};

use super::outlook::{NextCall, Refresh};
use crate::journal::rfc3339;

/// A profile, and what the next call of this caller will do.
#[derive(Debug, Serialize)]
pub(super) struct ProfileStatus {
    pub(super) profile: String,
    pub(super) configuration: Vec<String>,
    pub(super) state_folder: String,
    pub(super) ttl_seconds: u64,
    pub(super) hold_seconds: u64,
    pub(super) next_call: NextCallStatus,
    pub(super) sources: Vec<SourceStatus>,
}

#[derive(Debug, Serialize)]
pub(super) struct NextCallStatus {
    pub(super) does: NextCall,
    /// Whose key it prints or asks for, or whose error it repeats.
    pub(super) source: String,
}

#[derive(Debug, Serialize)]
pub(super) struct SourceStatus {
    pub(super) name: String,
    pub(super) backend: String,
    pub(super) key: KeyState,
    #[serde(serialize_with = "moment")]
    pub(super) fetched_at: Option<Moment>,
    /// The issuer's end.
    #[serde(serialize_with = "moment")]
    pub(super) expires_at: Option<Moment>,
    /// Until when it is fresh.
    #[serde(serialize_with = "moment")]
    pub(super) fresh_until: Option<Moment>,
    /// Until when it is printed at once, and replaced behind the answer.
    #[serde(serialize_with = "moment")]
    pub(super) due_until: Option<Moment>,
    /// Until when it is printed if the source is down.
    #[serde(serialize_with = "moment")]
    pub(super) usable_until: Option<Moment>,
    /// When the source is asked next.
    pub(super) refresh: Refresh,
    pub(super) has_renewal: bool,
    pub(super) sign_in: Option<SignInStatus>,
    pub(super) failure: Option<FailureStatus>,
}

/// How a source's cached key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum KeyState {
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
pub(super) struct SignInStatus {
    pub(super) account: Option<String>,
    /// When a human is needed again, if that is known.
    #[serde(serialize_with = "moment")]
    pub(super) expires_at: Option<Moment>,
    pub(super) scopes: Vec<String>,
    /// Asked for and not granted.
    pub(super) missing_scopes: Vec<String>,
}

impl From<SignIn> for SignInStatus {
    fn from(sign_in: SignIn) -> Self {
        let SignIn { account, expires_at, scopes, missing_scopes } = sign_in;
        Self { account, expires_at: expires_at.map(Moment::from), scopes, missing_scopes }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct FailureStatus {
    pub(super) kind: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    #[serde(serialize_with = "moment")]
    pub(super) failed_at: Option<Moment>,
    /// How many there were in a row.
    pub(super) count: u32,
    /// Whether the source is not being asked just now.
    pub(super) pauses: bool,
    /// Until when it is not.
    #[serde(serialize_with = "moment")]
    pub(super) pause_until: Option<Moment>,
}

fn moment<S: Serializer>(moment: &Option<Moment>, serializer: S) -> Result<S::Ok, S::Error> {
    moment.map(rfc3339).serialize(serializer)
}
