//! What a client asks for.
//!
//! Whatever a client says of its ask is read before the source is asked, so that what cannot be
//! answered costs nothing.

use std::time::Duration;

use api_key_helper_cache::Hold;
use api_key_helper_cache::rejection::Channel;
use api_key_helper_values::Error;
use zeroize::Zeroizing;

use crate::env::Shell;
use crate::{
    Description, Destination, ExecInfo, Format, FormatName, Headers, HeadersOf, IssuedKey,
    TokenType, Variable, cargo, claude_desktop, credential_process, headers, json, limits,
};

/// What a client asks for, in its own form.
#[derive(Debug)]
pub enum Ask {
    /// Of a registry.
    Cargo(cargo::Registry),
    /// See [`FormatName::ClaudeDesktop`].
    ClaudeDesktop,
    /// See [`FormatName::Codex`].
    Codex,
    /// See [`FormatName::CredentialProcess`].
    CredentialProcess,
    /// Of this shell.
    Env(Shell),
    /// Of a cluster.
    ExecCredential(ExecInfo),
    /// Of a git server.
    Git(Description),
    /// With the kind of token.
    GoogleExecutable(TokenType),
    /// With the server that the headers are for, if the client says so.
    Headers(HeadersOf),
    /// See [`FormatName::Json`].
    Json,
    /// See [`FormatName::Raw`].
    Raw,
}

impl Ask {
    /// What the client says by its environment; by `lines`, if its format has some on stdin.
    ///
    /// # Errors
    /// Misconfigured: it says nothing that could be answered.
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

    /// How the client tells that its key was refused, if it does. `hold` is who goes on using a key
    /// for how long.
    pub fn channel(&self, hold: &Hold) -> Option<Channel> {
        match self {
            Self::Headers(_) | Self::Raw => {
                Some(Channel::ClaudeCode { hold: hold.of_claude_code() })
            }
            Self::Codex => Some(Channel::Again {
                hold: hold.fixed.or_else(|| limits::hold(FormatName::Codex))?,
            }),
            // Without the server, two asks may be for two clusters.
            Self::ExecCredential(info) => {
                info.destination.server().map(|_| Channel::Again { hold: KUBERNETES_HOLD })
            }
            Self::Cargo(_) | Self::Git(_) => Some(Channel::Report),
            _ => None,
        }
    }

    /// Whether a client that asks again and again is told that its key is refused, instead of given
    /// one. Not where it may ask again for reasons of its own: Claude Code connects to an MCP server
    /// three times within two seconds, whatever went wrong, and shows nothing of what its helper says;
    /// and a program may load its kubeconfig as often as it likes.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        !matches!(self, Self::ExecCredential(_) | Self::Headers(_))
    }

    /// What tells this ask from others of the same profile. The front says nothing of its own.
    pub fn details(&self) -> Vec<String> {
        let server = self.destination().server().map(ToString::to_string);
        match self {
            Self::Raw => Vec::new(),
            _ => [Some(self.name().name().to_owned()), server].into_iter().flatten().collect(),
        }
    }

    /// Returns whether the key of `profile`, which has this `format`, may go where the client says that
    /// it sends it; true where the client does not say. If not, git and Cargo ask another helper.
    ///
    /// # Errors
    /// Misconfigured: nobody else is asked; or the profile names no server, although git and Cargo send
    /// a key to whichever one asks for it.
    pub fn is_for(&self, profile: &str, format: &Format) -> Result<bool, Error> {
        let names_none = format.send_to.is_empty();
        let destination = self.destination();
        match self {
            // Whoever names no server yet is told how to.
            Self::Cargo(_) | Self::Git(_) if names_none => {
                destination.check(profile, format).map(|()| true)
            }
            Self::Cargo(_) | Self::Git(_) => Ok(destination.check(profile, format).is_ok()),
            _ if names_none => Ok(true),
            _ => destination.check(profile, format).map(|()| true),
        }
    }

    /// The answer, as the client reads it.
    ///
    /// # Errors
    /// Misconfigured: this key, or these settings, have no such form.
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

/// A Kubernetes client uses a key until the end that it is given, and asks at once for another one when
/// that is refused. Some ask at each start of a connection, so only what comes at once tells.
const KUBERNETES_HOLD: Duration = Duration::from_secs(20);
