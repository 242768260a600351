//! The settings of profiles.

use api_key_helper_backend::RawDuration;
use api_key_helper_formats::{FormatName, Headers, Origin, Username, VariableName};
use serde::Deserialize;

/// A `[profile.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ProfileSettings {
    /// Names of sources, in order of preference. At least one.
    #[cfg_attr(feature = "schema", schemars(required, length(min = 1)))]
    pub sources: Option<Vec<String>>,
    /// The longest time a key is printed without asking again; `0s` asks each time.
    ///
    /// Default: `1h`.
    ///
    /// Also: `CLAUDE_CODE_API_KEY_HELPER_TTL_MS`, in milliseconds.
    pub ttl: Option<RawDuration>,
    /// How long the caller goes on using a key after it was printed.
    ///
    /// Default: `0s`.
    ///
    /// Also: for Claude Code `CLAUDE_CODE_API_KEY_HELPER_TTL_MS`, in milliseconds, else `5m`.
    pub hold: Option<RawDuration>,
    /// The longest time of one attempt.
    ///
    /// Default: `10s`.
    ///
    /// Also: `API_KEY_HELPER_TIMEOUT_MS`, in milliseconds, which beats this.
    pub timeout: Option<RawDuration>,
    /// Attempts after the first one, when a failure may pass.
    ///
    /// Default: `3`.
    ///
    /// Also: `API_KEY_HELPER_RETRY_COUNT`, which beats this.
    pub retries: Option<u32>,
    /// The longest time of one call, all sources and attempts together.
    ///
    /// Default: `30s`.
    ///
    /// Also: `get --deadline`, which beats this.
    pub deadline: Option<RawDuration>,
    /// How long before its end a key is replaced, at most half of its life.
    ///
    /// Default: `10m`.
    pub refresh_window: Option<RawDuration>,
    /// How long a key is still printed at once while it is being replaced.
    ///
    /// Default: `10m`.
    pub stale_while_revalidate: Option<RawDuration>,
    /// How long beyond `ttl` a key is printed while its source is down, never past its end.
    ///
    /// Default: `24h`.
    pub stale_if_error: Option<RawDuration>,
    /// By how much of itself `ttl` is shortened at most, drawn once for each key, so that a fleet
    /// does not ask at once.
    ///
    /// Default: `"10%"`.
    pub ttl_jitter: Option<Share>,
    /// What an ask means that is so early that the API must have refused the key.
    ///
    /// Default: `"refetch"`.
    pub on_rejection: Option<OnRejection>,
    /// In which form the key is printed.
    ///
    /// Default: `"raw"`.
    ///
    /// Also: `--format`, which beats this.
    pub format: Option<FormatName>,
    /// HTTP headers of the formats that have some; `{key}` stands for the key.
    ///
    /// Default: `{ Authorization = "Bearer {key}" }`; for `claude-desktop` none.
    pub headers: Option<Headers>,
    /// The variable of the format `env`.
    ///
    /// Default: `"ANTHROPIC_API_KEY"`.
    pub env: Option<VariableName>,
    /// The user name of the format `git`.
    ///
    /// Default: `"oauth2"`.
    pub username: Option<Username>,
    /// Servers that may have the key, where a client says where it sends it.
    ///
    /// Default: for `git` and `cargo` needed; else all.
    pub send_to: Option<Vec<Origin>>,
}

/// A share that is written `"10%"`, or as a number between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "WrittenShare")]
pub struct Share(pub f64);

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OnRejection {
    /// Nothing.
    Ignore,
    /// A new key is fetched.
    #[default]
    Refetch,
}
