//! Where a client sends a key.

use api_key_helper_values::Error;

use crate::{Format, Origin};

/// Where a client says that it sends the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// To this server.
    Server(Origin),
    /// Somewhere that is no server, or that programs read differently.
    Unclear,
    /// It says nothing.
    Unsaid,
}

impl Destination {
    /// The server of a URL.
    pub(crate) fn of(url: &str) -> Self {
        Origin::of(url).map_or(Self::Unclear, Self::Server)
    }

    /// The server, where there is one.
    pub(crate) const fn server(&self) -> Option<&Origin> {
        match self {
            Self::Server(server) => Some(server),
            Self::Unclear | Self::Unsaid => None,
        }
    }

    /// That the profile with this `format` names the server, if the client says which it is.
    ///
    /// # Errors
    /// Misconfigured, with what to write if the key may go there.
    pub(crate) fn check(&self, profile: &str, format: &Format) -> Result<(), Error> {
        let send_to = &format.send_to;
        match self {
            Self::Server(server) if send_to.contains(server) => Ok(()),
            Self::Server(server) => Err(not_named(profile, send_to, server)),
            Self::Unclear => Err(unclear(profile)),
            Self::Unsaid => Ok(()),
        }
    }
}

fn not_named(name: &str, send_to: &[Origin], server: &Origin) -> Error {
    let named = send_to.iter().chain([server]);
    let servers = named.map(|server| format!("\"{server}\"")).collect::<Vec<_>>().join(", ");
    Error::misconfigured(format!("profile `{name}` does not say that `{server}` may have its key"))
        .with_hint(format!("if it may, write `send_to = [{servers}]` into `[profile.{name}]`"))
}

fn unclear(name: &str) -> Error {
    Error::misconfigured(format!(
        "it is not clear which server would have the key of profile `{name}`"
    ))
    .with_hint("let the client name the server by a URL in ASCII, such as `https://a.example`")
}
