//! The settings of profiles, and those that every source has.

use serde::Deserialize;

use super::duration::Written;
use super::format::{FormatName, Headers, Username, VariableName};
use super::located::fields;
use super::origin::Origin;

/// What a `[source.NAME]` has whatever its backend is.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SourceSettings {
    /// Which backend reads the rest of the table.
    pub backend: Option<String>,
    /// The longest time of one attempt.
    pub timeout: Option<Written>,
    /// Attempts after the first one.
    pub retries: Option<u32>,
    /// How long a key lives whose answer does not say.
    pub lifetime: Option<Written>,
}

impl SourceSettings {
    pub(super) fn keys() -> &'static [&'static str] {
        fields::<Self>()
    }

    /// Whether changing `key` makes it another source, whose entry is not the old one's. Settings
    /// that only say how to ask do not.
    pub(super) fn is_part_of_identity(key: &str) -> bool {
        key == "backend" || key != "shell" && !Self::keys().contains(&key)
    }
}

/// A `[profile.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ProfileSettings {
    /// Names of sources, in order of preference.
    pub sources: Option<Vec<String>>,
    /// The longest time without asking again.
    pub ttl: Option<Written>,
    /// How long the caller goes on using a key after it was printed.
    pub hold: Option<Written>,
    /// The longest time of one attempt.
    pub timeout: Option<Written>,
    /// Attempts after the first one.
    pub retries: Option<u32>,
    /// The longest time of one call.
    pub deadline: Option<Written>,
    /// How long before its end a key is replaced.
    pub refresh_window: Option<Written>,
    /// How long a key is printed while it is being replaced.
    pub stale_while_revalidate: Option<Written>,
    /// How long a key is printed while its source is down.
    pub stale_if_error: Option<Written>,
    /// By how much of itself `ttl` is shortened at most, by chance.
    pub ttl_jitter: Option<Share>,
    /// What an early call means.
    pub on_rejection: Option<OnRejection>,
    /// In which form the key is printed.
    pub format: Option<FormatName>,
    /// The headers of the formats that have some.
    pub headers: Option<Headers>,
    /// The variable of the format `env`.
    pub env: Option<VariableName>,
    /// The user name of the format `git`.
    pub username: Option<Username>,
    /// Where a client that says where it sends the key may send it.
    pub send_to: Option<Vec<Origin>>,
}

/// A share that is written `"10%"`, or as a number between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "WrittenShare")]
pub struct Share(pub f64);

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenShare {
    Number(f64),
    Text(String),
}

impl TryFrom<WrittenShare> for Share {
    type Error = String;

    fn try_from(written: WrittenShare) -> Result<Self, String> {
        let share = match &written {
            WrittenShare::Number(number) => Some(*number),
            WrittenShare::Text(text) => text
                .strip_suffix('%')
                .and_then(|percent| percent.trim().parse::<f64>().ok())
                .map(|percent| percent / 100.0),
        };
        share
            .filter(|share| (0.0..=1.0).contains(share))
            .map(Self)
            .ok_or_else(|| "a share is written `\"10%\"`, from 0% to 100%".to_owned())
    }
}

/// What happens when Claude Code asks again so early that the API must have refused the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnRejection {
    /// Nothing.
    Ignore,
    /// A new key is fetched.
    #[default]
    Refetch,
}
