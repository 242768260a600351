//! The sealing key: which home it has on this machine, and why.
//!
//! | setting | home |
//! |---|---|
//! | `file` | a file outside of the state folder |
//! | `secret-service` | the operating system's store, or none: then it is an error |
//! | `auto` | the store, where it answers within two seconds without asking anybody; else the file |
//!
//! macOS and Windows remember nothing of a store for us, and the front asks none: there, `auto` is
//! the file, which Windows protects by DPAPI.
//!
//! The store's keys are remembered by the kernel until the machine is restarted, and so is that it
//! did not answer. A store that is locked or absent says so at once, and is asked again next time.

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

/// The sealing keys that this process works with.
#[derive(Clone, Debug)]
pub(crate) struct InUse {
    pub(crate) home: Home,
    pub(crate) reason: Reason,
    keys: SealingKeys,
    /// Keys that only open: older ones, and those of another home.
    older: Vec<SealingKey>,
}

impl InUse {
    fn new(home: Home, reason: Reason, keys: SealingKeys) -> Self {
        let older = keys.older.clone();
        Self { home, reason, keys, older }
    }

    /// The key that seals.
    pub(crate) const fn current(&self) -> &SealingKey {
        &self.keys.current
    }

    /// The keys that only open.
    pub(crate) fn older(&self) -> &[SealingKey] {
        &self.older
    }

    /// Home and reason as `status` and others show them.
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

/// Which home is in use, and why.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SealStatus {
    /// `file` or `secret-service`.
    pub(crate) home: &'static str,
    /// The home in words.
    pub(crate) place: String,
    /// Why it is that one, in words.
    pub(crate) reason: String,
}

/// Where the sealing key is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// In this file.
    File(PathBuf),
    /// In the operating system's store.
    Store,
}

impl Home {
    /// Its name in the configuration.
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

/// Why it is kept there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The configuration says so.
    Configured,
    /// With `auto`, this system has it in a file, for the front reads no store.
    FrontReadsFile,
    /// The store answers.
    StoreAnswers,
    /// The store cannot be used.
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
