//! The sealing key: its home on this machine, and the reason for that home.
//!
//! | setting | home |
//! |---|---|
//! | `file` | a file outside of the state folder |
//! | `secret-service` | the operating system's store; without it, an error |
//! | `auto` | the store if it answers within two seconds without a prompt; otherwise the file |
//!
//! On macOS and Windows, no kernel keyring caches a store's answer, and the front asks no store.
//! There `auto` is the file, which DPAPI protects on Windows.
//!
//! The kernel keyring caches the store's keys until the next restart, and also that the store did
//! not answer. A store that is locked or absent says so at once, and is asked again next time.

#[cfg(windows)]
mod credential_manager;
mod homes;
#[cfg(target_os = "macos")]
mod keychain;
#[cfg(not(any(target_os = "macos", windows)))]
mod secret_service;
mod unavailable;

use std::fmt;
use std::path::PathBuf;

use api_key_helper_cache::{Seal as _, SealingKey, SealingKeys};
use serde::Serialize;

#[cfg(windows)]
use self::credential_manager as store;
#[cfg(target_os = "macos")]
use self::keychain as store;
#[cfg(not(any(target_os = "macos", windows)))]
use self::secret_service as store;
use self::unavailable::{STORE, Unavailable};
pub(crate) use homes::Homes;

/// The sealing keys of this process.
#[derive(Clone, Debug)]
pub(crate) struct InUse {
    pub(crate) home: Home,
    pub(crate) reason: Reason,
    keys: SealingKeys,
    /// Keys that only open entries: older keys, and those of another home.
    older: Vec<SealingKey>,
}

impl InUse {
    fn new(home: Home, reason: Reason, keys: SealingKeys) -> Self {
        let older = keys.older.clone();
        Self { home, reason, keys, older }
    }

    pub(crate) const fn current(&self) -> &SealingKey {
        &self.keys.current
    }

    pub(crate) fn older(&self) -> &[SealingKey] {
        &self.older
    }

    /// Home and reason, as `status` shows them.
    pub(crate) fn status(&self) -> SealStatus {
        SealStatus {
            home: self.home.name(),
            place: self.home.to_string(),
            reason: self.reason.to_string(),
        }
    }

    /// Adds the keys of another home.
    fn open_with(&mut self, other: SealingKeys) {
        let all = std::iter::once(other.current).chain(other.older);
        self.older.extend(all.filter(|key| key.label() != self.keys.current.label()));
    }
}

/// The home in use, with its reason.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SealStatus {
    /// `file` or `secret-service`.
    pub(crate) home: &'static str,
    /// A description of the home.
    pub(crate) place: String,
    /// The reason in words.
    pub(crate) reason: String,
}

/// The place where the sealing key is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    File(PathBuf),
    Store,
}

impl Home {
    /// The home's name in the configuration.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Store => "secret-service",
        }
    }
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) if cfg!(windows) => {
                write!(f, "the file {}, which only this Windows account can open", path.display())
            }
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Store => f.write_str(STORE),
        }
    }
}

/// The reason for the home in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Configured,
    /// `auto` is a file on this system, because the front reads no store.
    FrontReadsFile,
    StoreAnswers,
    InsteadOfStore(Unavailable),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured => f.write_str("the configuration says so"),
            Self::FrontReadsFile => {
                f.write_str("a file is read at once, on this system no store is")
            }
            Self::StoreAnswers => write!(f, "{STORE} answers"),
            Self::InsteadOfStore(why) => why.fmt(f),
        }
    }
}
