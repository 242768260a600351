//! Where a client sends a key.

use api_key_helper_core::Error;
use api_key_helper_core::config::{Origin, Profile};

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

    /// That `profile` names the server, if the client says which it is.
    ///
    /// # Errors
    /// Misconfigured, with what to write if the key may go there.
    pub(crate) fn check(&self, profile: &Profile) -> Result<(), Error> {
        let send_to = &profile.format.send_to;
        match self {
            Self::Server(server) if send_to.contains(server) => Ok(()),
            Self::Server(server) => Err(not_named(profile, server)),
            Self::Unclear => Err(unclear(profile)),
            Self::Unsaid => Ok(()),
        }
    }
}

fn not_named(profile: &Profile, server: &Origin) -> Error {
    let name = &profile.name;
    let named = profile.format.send_to.iter().chain([server]);
    let servers = named.map(|server| format!("\"{server}\"")).collect::<Vec<_>>().join(", ");
    Error::misconfigured(format!("profile `{name}` does not say that `{server}` may have its key"))
        .with_hint(format!("if it may, write `send_to = [{servers}]` into `[profile.{name}]`"))
}

fn unclear(profile: &Profile) -> Error {
    let name = &profile.name;
    Error::misconfigured(format!(
        "it is not clear which server would have the key of profile `{name}`"
    ))
    .with_hint("let the client name the server by a URL in ASCII, such as `https://a.example`")
}
