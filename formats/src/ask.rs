//! Reads the request of a client.
//!
//! A request is read before the source is asked: one that cannot be answered costs nothing.

use std::time::Duration;

use api_key_helper_cache::Hold;
use api_key_helper_cache::rejection::Channel;
use api_key_helper_values::Error;
use zeroize::Zeroizing;

use crate::env::Shell;
use crate::{
    Description, Destination, ExecInfo, Format, FormatName, Headers, HeadersOf, IssuedKey,
    TokenType, Variable, cargo, claude_desktop, credential_process, google_executable, headers,
    json, limits,
};

/// A client's request, in the form of its protocol.
#[derive(Debug)]
pub enum Ask {
    /// For a token of a registry.
    Cargo(cargo::Registry),
    /// See [`FormatName::ClaudeDesktop`].
    ClaudeDesktop,
    /// See [`FormatName::Codex`].
    Codex,
    /// See [`FormatName::CredentialProcess`].
    CredentialProcess,
    /// For lines of this shell.
    Env(Shell),
    /// For a token of a cluster.
    ExecCredential(ExecInfo),
    /// For the credential of a git server.
    Git(Description),
    /// For this kind of token.
    GoogleExecutable(TokenType),
    /// For headers, with the server that they are sent to, if the client names one.
    Headers(HeadersOf),
    /// See [`FormatName::Json`].
    Json,
    /// See [`FormatName::Raw`].
    Raw,
}

impl Ask {
    /// Reads a request from the environment, and from `lines` where the client writes to stdin.
    ///
    /// # Errors
    /// `Misconfigured`: the request has no answer in this format.
    pub fn read(format: FormatName, variable: Variable<'_>, lines: &[u8]) -> Result<Self, Error> {
        Ok(match format {
            FormatName::Cargo => return Err(cargo::not_a_conversation()),
            FormatName::ClaudeDesktop => Self::ClaudeDesktop,
            FormatName::Codex => Self::Codex,
            FormatName::CredentialProcess => Self::CredentialProcess,
            FormatName::Env => Self::Env(Shell::Posix),
            FormatName::EnvCmd => Self::Env(Shell::Cmd),
            FormatName::EnvPowershell => Self::Env(Shell::PowerShell),
            FormatName::ExecCredential => Self::ExecCredential(ExecInfo::read(variable)?),
            FormatName::Git => Self::Git(Description::parse(lines)?),
            FormatName::GoogleExecutable => Self::GoogleExecutable(TokenType::read(variable)?),
            FormatName::Headers => Self::Headers(HeadersOf::read(variable)),
            FormatName::Json => Self::Json,
            FormatName::Raw => Self::Raw,
        })
    }

    /// Returns the way in which the client reports that its key was refused, if it has one. `hold`
    /// says how long the client goes on using a key.
    pub fn channel(&self, hold: &Hold) -> Option<Channel> {
        match self {
            Self::Headers(_) | Self::Raw => {
                Some(Channel::ClaudeCode { hold: hold.of_claude_code() })
            }
            Self::Codex => Some(Channel::Again {
                hold: hold.fixed.or_else(|| limits::hold(FormatName::Codex))?,
            }),
            // Without a server name, two requests may be for two clusters.
            Self::ExecCredential(info) => {
                info.destination.server().map(|_| Channel::Again { hold: KUBERNETES_HOLD })
            }
            Self::Cargo(_) | Self::Git(_) => Some(Channel::Report),
            _ => None,
        }
    }

    /// Returns whether a client that repeats its request within a short time gets an error instead
    /// of the same key. Not for clients that repeat it for other reasons. Claude Code connects to
    /// an MCP server three times within two seconds, whatever went wrong, and does not show the
    /// helper's stderr. Other programs may load their kubeconfig as often as they like.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        !matches!(self, Self::ExecCredential(_) | Self::Headers(_))
    }

    /// Returns what distinguishes this request from others for the same profile. The front adds no
    /// details, so `raw` has none.
    pub fn details(&self) -> Vec<String> {
        let server = self.destination().server().map(ToString::to_string);
        match self {
            Self::Raw => Vec::new(),
            _ => [Some(self.name().name().to_owned()), server].into_iter().flatten().collect(),
        }
    }

    /// Returns whether the key of `profile`, which has this `format`, may go to the server that the
    /// client names; true where the client names none. On false, git and Cargo ask the next helper.
    ///
    /// # Errors
    /// `Misconfigured`: the client has no next helper; or the profile lists no server, although git
    /// and Cargo send a key to any server that asks for it.
    pub fn is_for(&self, profile: &str, format: &Format) -> Result<bool, Error> {
        let names_none = format.send_to.is_empty();
        let destination = self.destination();
        match self {
            // Without `send_to`, the error says how to add it.
            Self::Cargo(_) | Self::Git(_) if names_none => {
                destination.check(profile, format).map(|()| true)
            }
            Self::Cargo(_) | Self::Git(_) => Ok(destination.check(profile, format).is_ok()),
            _ if names_none => Ok(true),
            _ => destination.check(profile, format).map(|()| true),
        }
    }

    /// Returns the answer in the form that the client reads.
    ///
    /// # Errors
    /// `Misconfigured`: this key, or these settings, cannot be written in this form.
    pub fn answer(
        &self,
        given: &IssuedKey<'_>,
        format: &Format,
    ) -> Result<Zeroizing<String>, Error> {
        let default = Headers::default();
        let headers = format.headers.as_ref();
        Ok(match self {
            Self::Cargo(_) => cargo::answer(given),
            Self::ClaudeDesktop => claude_desktop::answer(given, headers),
            Self::Codex | Self::Raw => Zeroizing::new(given.key.expose().to_owned()),
            Self::CredentialProcess => credential_process::answer(given)?,
            Self::Env(shell) => shell.answer(given, &format.env),
            Self::ExecCredential(info) => info.answer(given),
            Self::Git(description) => description.answer(given, &format.username),
            Self::GoogleExecutable(token_type) => token_type.answer(given),
            Self::Headers(_) => headers::answer(given, headers.unwrap_or(&default))?,
            Self::Json => json::answer(given),
        })
    }

    const fn destination(&self) -> &Destination {
        match self {
            Self::Cargo(registry) => &registry.destination,
            Self::ExecCredential(info) => &info.destination,
            Self::Git(description) => &description.destination,
            Self::Headers(headers) => &headers.destination,
            _ => &Destination::Unsaid,
        }
    }

    const fn name(&self) -> FormatName {
        match self {
            Self::Cargo(_) => FormatName::Cargo,
            Self::ClaudeDesktop => FormatName::ClaudeDesktop,
            Self::Codex => FormatName::Codex,
            Self::CredentialProcess => FormatName::CredentialProcess,
            Self::Env(Shell::Posix) => FormatName::Env,
            Self::Env(Shell::Cmd) => FormatName::EnvCmd,
            Self::Env(Shell::PowerShell) => FormatName::EnvPowershell,
            Self::ExecCredential(_) => FormatName::ExecCredential,
            Self::Git(_) => FormatName::Git,
            Self::GoogleExecutable(_) => FormatName::GoogleExecutable,
            Self::Headers(_) => FormatName::Headers,
            Self::Json => FormatName::Json,
            Self::Raw => FormatName::Raw,
        }
    }
}

/// Returns `error` in the form that the client shows; `None` for clients that show stderr and check
/// the exit code.
#[must_use]
pub fn refusal(format: FormatName, error: &Error) -> Option<String> {
    match format {
        FormatName::Cargo => Some(cargo::refusal(error)),
        FormatName::GoogleExecutable => Some(google_executable::refusal(error)),
        _ => None,
    }
}

/// A Kubernetes client uses a key until `expirationTimestamp`, and asks again at once when the key
/// is refused. Some ask whenever they open a connection, so only a quick repetition means a
/// refusal.
const KUBERNETES_HOLD: Duration = Duration::from_secs(20);
