//! The format in which a profile prints its key, with the settings of that format.

use std::collections::BTreeMap;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{Key, Origin};

/// A format in which a key is printed: each client has its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FormatName {
    /// The protocol of Cargo's credential providers.
    Cargo,
    /// The output of Claude Desktop's credential helper.
    ClaudeDesktop,
    /// The key alone, within the time that Codex gives a command.
    Codex,
    /// The JSON that the AWS SDKs read from a `credential_process`.
    CredentialProcess,
    /// A shell's line, for `eval`.
    Env,
    /// Lines of `cmd`, for its `for /f`.
    EnvCmd,
    /// Lines of PowerShell, for `Invoke-Expression`.
    EnvPowershell,
    /// The JSON that a Kubernetes client reads from a plugin.
    ExecCredential,
    /// The protocol of git's credential helpers.
    Git,
    /// The JSON that Google's libraries read from an executable.
    GoogleExecutable,
    /// A JSON object of HTTP headers.
    Headers,
    /// A JSON object with everything that is known about the key.
    Json,
    /// The key alone.
    #[default]
    Raw,
}

impl FormatName {
    /// All formats, in alphabetical order.
    pub const ALL: [Self; 13] = [
        Self::Cargo,
        Self::ClaudeDesktop,
        Self::Codex,
        Self::CredentialProcess,
        Self::Env,
        Self::EnvCmd,
        Self::EnvPowershell,
        Self::ExecCredential,
        Self::Git,
        Self::GoogleExecutable,
        Self::Headers,
        Self::Json,
        Self::Raw,
    ];

    /// Returns the name on the command line and in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::ClaudeDesktop => "claude-desktop",
            Self::Codex => "codex",
            Self::CredentialProcess => "credential-process",
            Self::Env => "env",
            Self::EnvCmd => "env-cmd",
            Self::EnvPowershell => "env-powershell",
            Self::ExecCredential => "exec-credential",
            Self::Git => "git",
            Self::GoogleExecutable => "google-executable",
            Self::Headers => "headers",
            Self::Json => "json",
            Self::Raw => "raw",
        }
    }
}

/// A profile's format with its settings, of which a format uses some.
#[derive(Clone, Debug)]
pub struct Format {
    /// The format, unless the command line names another.
    pub name: FormatName,
    /// The headers of `headers` and `claude-desktop`; `None` if the profile sets none.
    pub headers: Option<Headers>,
    /// The variable of `env`, `env-cmd` and `env-powershell`.
    pub env: VariableName,
    /// The user name of `git`.
    pub username: Username,
    /// The servers to which a client may send the key; empty if the profile lists none.
    pub send_to: Vec<Origin>,
}

/// HTTP headers, with [`KEY`](Headers::KEY) in place of the key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct Headers(BTreeMap<String, String>);

impl Headers {
    /// The placeholder of the key in a header's value.
    pub const KEY: &str = "{key}";

    /// Returns whether one of the headers contains the key.
    #[must_use]
    pub fn have_key(&self) -> bool {
        self.0.values().any(|value| value.contains(Self::KEY))
    }

    /// Returns the headers with `key` filled in, in alphabetical order.
    #[must_use]
    pub fn with(&self, key: &Key) -> BTreeMap<&str, Zeroizing<String>> {
        let filled = self.0.iter().map(|(name, value)| {
            (name.as_str(), Zeroizing::new(value.replace(Self::KEY, key.expose())))
        });
        filled.collect()
    }
}

impl Default for Headers {
    fn default() -> Self {
        let value = format!("Bearer {}", Self::KEY);
        Self(BTreeMap::from([("Authorization".to_owned(), value)]))
    }
}

impl TryFrom<BTreeMap<String, String>> for Headers {
    type Error = String;

    fn try_from(written: BTreeMap<String, String>) -> Result<Self, String> {
        for (name, value) in &written {
            // RFC 9110, sections 5.1 and 5.5.
            let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
            if name.is_empty() || !name.chars().all(is_token) {
                return Err("a header's name must be an HTTP token, such as `X-Api-Key`".to_owned());
            }
            if !value.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
                return Err(format!("the value of `{name}` must be printable ASCII"));
            }
            if value.replace(Self::KEY, "").contains(['{', '}']) {
                return Err(format!(
                    "the value of `{name}` may contain braces only as `{}`",
                    Self::KEY
                ));
            }
        }
        Ok(Self(written))
    }
}

/// The name of a shell variable.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String")]
pub struct VariableName(String);

impl VariableName {
    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for VariableName {
    fn default() -> Self {
        Self("ANTHROPIC_API_KEY".to_owned())
    }
}

impl TryFrom<String> for VariableName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let begins = text.starts_with(|c: char| is_inner(c) && !c.is_ascii_digit());
        if begins && text.chars().all(is_inner) {
            return Ok(Self(text));
        }
        Err("a variable's name must consist of letters, digits and `_`, and must not begin with a digit".to_owned())
    }
}

/// A user name that fits into a line of git's protocol.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String")]
pub struct Username(String);

impl Username {
    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Username {
    /// Returns the name that GitLab requires with a token; other servers accept any.
    fn default() -> Self {
        Self("oauth2".to_owned())
    }
}

impl TryFrom<String> for Username {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() || text.contains(char::is_control) {
            return Err("a user name must not be empty or contain control characters".to_owned());
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Result<Headers, String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Headers::try_from(pairs.iter().map(owned).collect::<BTreeMap<_, _>>())
    }

    #[test]
    fn format_setting_names_roundtrip() {
        for format in FormatName::ALL {
            let read = serde_json::from_value(format.name().into()).ok();
            assert_eq!(read, Some(format));
        }
    }

    #[test]
    fn headers_setting_fills_the_key_placeholder() {
        let key = Key::parse("k$1\"").unwrap();
        let filled = headers(&[("A", "Bearer {key}"), ("B", "{key}:{key}"), ("C", "c")]).unwrap();
        let filled: Vec<(&str, String)> =
            filled.with(&key).iter().map(|(name, value)| (*name, value.to_string())).collect();
        let expected = [("A", "Bearer k$1\""), ("B", "k$1\":k$1\""), ("C", "c")];
        assert_eq!(filled, expected.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(headers(&[("Authorization", "Bearer {key}")]), Ok(Headers::default()));
    }

    #[test]
    fn invalid_headers_setting_is_refused() {
        for (name, value) in [
            ("", "{key}"),
            ("A B", "{key}"),
            ("A:", "{key}"),
            ("A", "{key}\r\nB: b"),
            ("A", "{key} ü"),
            ("A", "{key} {profile}"),
        ] {
            assert!(headers(&[(name, value)]).is_err(), "{name}: {value}");
        }
        assert!(!headers(&[("A", "a")]).unwrap().have_key());
    }

    #[test]
    fn invalid_env_and_username_settings_are_refused() {
        for good in ["A", "_a1", "ANTHROPIC_API_KEY"] {
            assert!(VariableName::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "1A", "A-B", "A=B", "A;b", "Ä"] {
            assert!(VariableName::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        for bad in ["", "a\nhost=evil", "a\0"] {
            assert!(Username::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
