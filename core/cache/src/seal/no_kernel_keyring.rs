//! A stand-in for the kernel keyring, which only Linux has.

use std::fmt;

use super::key_file::KeyFile;
use super::memory::Memory;

/// A slot that cannot store anything.
#[derive(Clone, Debug)]
pub struct KernelKeyring;

/// The system has no such keyring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyringRefusal;

impl fmt::Display for KeyringRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this system has none")
    }
}

impl KernelKeyring {
    /// The slot for the file's folder.
    #[must_use]
    pub const fn of(_: &KeyFile) -> Self {
        Self
    }

    /// Always fails.
    ///
    /// # Errors
    /// Always.
    pub const fn recall(&self) -> Result<Option<Memory>, KeyringRefusal> {
        Err(KeyringRefusal)
    }

    /// Always fails.
    ///
    /// # Errors
    /// Always.
    pub const fn remember(&self, _: &Memory) -> Result<(), KeyringRefusal> {
        Err(KeyringRefusal)
    }

    /// Does nothing.
    pub const fn forget(&self) {}
}
