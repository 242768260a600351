//! Errors of the operating system's secret store.

use std::fmt;

use api_key_helper_cache::KeyringRefusal;
use api_key_helper_values::Error;

/// The store's name in messages.
pub(super) const STORE: &str = if cfg!(windows) {
    "the credential manager"
} else if cfg!(target_os = "macos") {
    "the keychain"
} else {
    "the secret service"
};

/// The reason for not using the operating system's store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    any(target_os = "macos", windows),
    expect(dead_code, reason = "only a store on a bus can be absent")
)]
pub(crate) enum Unavailable {
    /// The bus does not know the service.
    Absent(String),
    /// The service returned another error.
    Failed(String),
    /// The store needs a prompt.
    Locked,
    NoAnswer,
    /// There is no session bus.
    NoBus,
    /// The kernel keyring cannot cache the store's answer, so each call would have to ask the
    /// store.
    NotRemembered(KeyringRefusal),
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = STORE;
        match self {
            Self::Absent(why) => write!(f, "{name} is not there: {why}"),
            Self::Failed(why) => write!(f, "{name} fails: {why}"),
            Self::Locked => write!(f, "{name} is locked"),
            Self::NoAnswer => write!(f, "{name} did not answer within 2 s"),
            Self::NoBus => write!(f, "{name} is not there: there is no session bus"),
            Self::NotRemembered(why) => {
                write!(f, "the kernel keyring does not remember for {name}: {why}")
            }
        }
    }
}

impl Unavailable {
    /// The error if the setting allows no other home.
    pub(super) fn error(&self) -> Error {
        let message = format!("the sealing key cannot be had: {self}");
        let other = "or set `seal = \"auto\"`";
        match self {
            Self::Locked => Error::needs_login(message)
                .with_hint(format!("unlock it, as signing in to the desktop does; {other}")),
            Self::Absent(_) | Self::NoBus => {
                Error::misconfigured(message).with_hint(format!("start it; {other}"))
            }
            Self::Failed(_) | Self::NoAnswer | Self::NotRemembered(_) => Error::transient(message)
                .with_hint(format!("look at it, then run `api-key-helper seal`; {other}")),
        }
    }
}
