//! Sealed entries, and the keys that seal them. A key never lies beside its entries.

#[cfg(not(windows))]
mod by_mode;
#[cfg(windows)]
mod dpapi;
mod key_file;
mod memory;
mod sealing_key;
mod sealing_keys;
mod setting;

#[cfg(target_os = "linux")]
mod kernel_keyring;
#[cfg(not(target_os = "linux"))]
mod no_kernel_keyring;

use crate::trust::Trail;

#[cfg(not(windows))]
use by_mode as at_rest;
#[cfg(windows)]
use dpapi as at_rest;
#[cfg(not(target_os = "linux"))]
use no_kernel_keyring as kernel_keyring;

pub use kernel_keyring::{KernelKeyring, KeyringRefusal};
pub use key_file::KeyFile;
pub use memory::Memory;
pub use sealing_key::{Nonce, Seal, SealingKey};
pub use sealing_keys::SealingKeys;
pub use setting::SealSetting;

/// The sealing keys that are available without a daemon: from the kernel keyring, or else from the
/// file, as `setting` allows. `None` is no error: the worker asks further, and reports problems.
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
