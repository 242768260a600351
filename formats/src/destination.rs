//! The server that a client sends a key to.

use api_key_helper_values::Error;

use crate::{Format, Origin};

/// The server that a client says it sends the key to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// To this server.
    Server(Origin),
    /// Something that is not a server, or that programs parse differently.
    Unclear,
    /// The client names no server.
    Unsaid,
}

impl Destination {
    /// Returns the server of a URL.
    pub(crate) fn of(url: &str) -> Self {
        Origin::of(url).map_or(Self::Unclear, Self::Server)
    }

    /// Returns the server, if there is one.
    pub(crate) const fn server(&self) -> Option<&Origin> {
        match self {
            Self::Server(server) => Some(server),
            Self::Unclear | Self::Unsaid => None,
        }
    }

    /// Checks that the profile with this `format` allows the server, if the client names one.
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
    Error::misconfigured(format!(
        "profile `{name}` does not allow its key to be sent to `{server}`"
    ))
    .with_hint(format!("to allow it, set `send_to = [{servers}]` in `[profile.{name}]`"))
}

fn unclear(name: &str) -> Error {
    Error::misconfigured(format!(
        "cannot tell which server the key of profile `{name}` would be sent to"
    ))
    .with_hint("in the client, write the server as an ASCII URL, such as `https://a.example`")
}
