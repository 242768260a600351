//! The operating system's store, where it cannot be used.

use std::fmt;

use api_key_helper_cache::KeyringRefusal;
use api_key_helper_values::Error;

/// The store, as people call it.
pub(super) const STORE: &str = if cfg!(windows) {
    "the credential manager"
} else if cfg!(target_os = "macos") {
    "the keychain"
} else {
    "the secret service"
};

/// Why the operating system's store is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    any(target_os = "macos", windows),
    expect(dead_code, reason = "only a store on a bus can be absent")
)]
pub(crate) enum Unavailable {
    /// There is nobody of that name.
    Absent(String),
    /// It says something else.
    Failed(String),
    /// It would ask a human.
    Locked,
    /// It did not answer in time.
    NoAnswer,
    /// There is no session bus to ask it on.
    NoBus,
    /// The kernel would not remember its answer, and each call would have to ask it.
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
    /// The error where no other home is accepted.
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
