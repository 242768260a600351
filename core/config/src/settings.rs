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
    /// The longest time for which a key is printed without a refresh; `0s` refreshes each time.
    ///
    /// Default: `1h`.
    ///
    /// Also: `CLAUDE_CODE_API_KEY_HELPER_TTL_MS`.
    pub ttl: Option<RawDuration>,
    /// The time for which the client uses a key after it was printed.
    ///
    /// Default: `0s`.
    ///
    /// Also: for Claude Code `CLAUDE_CODE_API_KEY_HELPER_TTL_MS`, else `5m`.
    pub hold: Option<RawDuration>,
    /// The longest time of one attempt.
    ///
    /// Default: `10s`.
    ///
    /// Also: `API_KEY_HELPER_TIMEOUT_MS`, which takes precedence.
    pub timeout: Option<RawDuration>,
    /// Attempts after the first one, if the failure may be temporary. A caller without a key and
    /// without another source goes on until `deadline` while the server says when to retry.
    ///
    /// Default: `3`.
    ///
    /// Also: `API_KEY_HELPER_RETRY_COUNT`, which takes precedence.
    pub retries: Option<u32>,
    /// The longest time of one call, all sources and attempts together.
    ///
    /// Default: `30s`.
    ///
    /// Also: `get --deadline`, which takes precedence.
    pub deadline: Option<RawDuration>,
    /// The time before its expiry at which a key is replaced; at most half of its life.
    ///
    /// Default: `10m`.
    pub refresh_window: Option<RawDuration>,
    /// The time for which an old key is printed at once during its refresh.
    ///
    /// Default: `10m`.
    pub stale_while_revalidate: Option<RawDuration>,
    /// The time beyond `ttl` for which a key is printed while its source is down, never after it
    /// expires.
    ///
    /// Default: `24h`.
    pub stale_if_error: Option<RawDuration>,
    /// The most by which `ttl` is shortened, at random for each key, so that a fleet does not ask at
    /// once. If it is not 0, a key that came after a failure may lose half.
    ///
    /// Default: `"10%"`.
    pub ttl_jitter: Option<Share>,
    /// The reaction to a call so early that the API must have refused the key: fetch another one,
    /// and say so if that does not help; or nothing.
    ///
    /// Default: `"refetch"`.
    pub on_rejection: Option<OnRejection>,
    /// The form in which the key is printed.
    ///
    /// Default: `"raw"`.
    ///
    /// Also: `--format`, which takes precedence.
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
    /// Servers that may have the key, as `https://HOST[:PORT]`, for clients that say where they send
    /// it.
    ///
    /// Default: required for `git` and `cargo`; else all.
    pub send_to: Option<Vec<Origin>>,
}

/// A share, written as `"10%"` or as a number from 0 to 1.
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
            .ok_or_else(|| "a share must be from 0% to 100%, such as `\"10%\"`".to_owned())
    }
}

/// The reaction to a retry by Claude Code so early that the API must have refused the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OnRejection {
    /// The cached key is printed again.
    Ignore,
    /// A new key is fetched.
    #[default]
    Refetch,
}
