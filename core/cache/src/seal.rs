//! How an entry lies on disk: sealed, by a key that does not lie beside it.

#[cfg(not(windows))]
mod by_mode;
#[cfg(windows)]
mod dpapi;
mod key_file;
mod sealing_key;
mod sealing_keys;
mod setting;

#[cfg(target_os = "linux")]
mod kernel_keyring;
#[cfg(not(target_os = "linux"))]
mod no_kernel_keyring;

use std::fmt;

use zeroize::Zeroizing;

use crate::trust::Trail;

#[cfg(not(windows))]
use by_mode as at_rest;
#[cfg(windows)]
use dpapi as at_rest;
#[cfg(not(target_os = "linux"))]
use no_kernel_keyring as kernel_keyring;

pub use kernel_keyring::{KernelKeyring, Refused};
pub use key_file::KeyFile;
pub use sealing_key::SealingKey;
pub use sealing_keys::SealingKeys;
pub use setting::SealSetting;

/// Turns an entry into what is written to disk, and back. The context (source, fingerprint and format
/// version) is bound to the content: what was sealed for another context does not open.
pub trait Seal: fmt::Debug + Send + Sync {
    /// A few characters `[a-z0-9]` for the entry's file name, one for each sealing key.
    fn label(&self) -> &str;

    /// Seals `content`. `nonce` is never used a second time.
    fn seal(&self, content: &[u8], context: &[u8], nonce: Nonce) -> Vec<u8>;

    /// The content, if it was sealed for `context` and arrived unchanged.
    fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Zeroizing<Vec<u8>>>;
}

/// What makes one sealing unlike all others: so many random bits that no two are ever the same.
#[derive(Clone, Copy, Debug)]
pub struct Nonce(pub [u8; 24]);

/// What the kernel remembers of the operating system's store until the machine is restarted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The keys that it holds.
    Keys(SealingKeys),
    /// It was asked and has not answered in time.
    NoAnswer,
}

/// The sealing keys, as far as they can be had without asking a daemon: the kernel keyring's, else
/// the file's, as `setting` allows. `None` is no error: the worker finds out more, and says it.
#[must_use]
pub fn keys_at_hand(
    setting: SealSetting,
    file: &KeyFile,
    trail: &mut Trail,
) -> Option<SealingKeys> {
    if setting != SealSetting::File
        && let Ok(Some(Memory::Keys(keys))) = KernelKeyring::of(file).recall()
    {
        return Some(keys);
    }
    if setting == SealSetting::SecretService { None } else { file.read(trail).ok()? }
}
