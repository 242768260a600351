//! Only Linux has a keyring in its kernel.

use std::fmt;

use super::key_file::KeyFile;
use super::memory::Memory;

/// The place that nothing can be remembered in.
#[derive(Clone, Debug)]
pub struct KernelKeyring;

/// There is no such keyring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyringRefusal;

impl fmt::Display for KeyringRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this system has none")
    }
}

impl KernelKeyring {
    /// The place that would belong to the file's folder.
    #[must_use]
    pub const fn of(_: &KeyFile) -> Self {
        Self
    }

    /// Nothing.
    ///
    /// # Errors
    /// Always.
    pub const fn recall(&self) -> Result<Option<Memory>, KeyringRefusal> {
        Err(KeyringRefusal)
    }

    /// Remembers nothing.
    ///
    /// # Errors
    /// Always.
    pub const fn remember(&self, _: &Memory) -> Result<(), KeyringRefusal> {
        Err(KeyringRefusal)
    }

    /// There is nothing to forget.
    pub const fn forget(&self) {}
}
