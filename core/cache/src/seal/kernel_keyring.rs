//! A cache in the kernel keyring, which lasts until the next restart.

use linux_keyutils::{KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, Permission};
use zeroize::Zeroizing;

use super::key_file::KeyFile;
use super::memory::Memory;
use super::sealing_keys::SealingKeys;

/// The slot in the kernel's user keyring for one folder of sealing keys. A user with several homes,
/// such as root, has several slots.
///
/// It is in the user's keyring and not in the session's, so that programs outside of a session
/// (cron, a service) find it too.
#[derive(Clone, Debug)]
pub struct KernelKeyring {
    description: String,
}

/// The kernel's refusal to keep a key, as in many containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyringRefusal(KeyError);

impl std::fmt::Display for KeyringRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            KeyError::PermissionDenied | KeyError::AccessDenied => f.write_str("not permitted"),
            KeyError::QuotaExceeded => f.write_str("its quota is used up"),
            KeyError::Unknown(number) => {
                write!(f, "{}", std::io::Error::from_raw_os_error(number))
            }
            other => write!(f, "{other:?}"),
        }
    }
}

/// The byte that stands for a store without an answer. Keys are longer.
const NO_ANSWER: &[u8] = &[0];

impl KernelKeyring {
    /// The slot for `file`'s folder.
    #[must_use]
    pub fn of(file: &KeyFile) -> Self {
        Self { description: format!("api-key-helper:{}", file.folder().display()) }
    }

    /// Returns the cached memory. Content from another program is ignored.
    ///
    /// # Errors
    /// When the kernel refuses access.
    pub fn recall(&self) -> Result<Option<Memory>, KeyringRefusal> {
        let found = user_keyring().and_then(|ring| ring.search(&self.description));
        let mut bytes = Zeroizing::new([0; SealingKeys::LONGEST]);
        let length = match found.and_then(|key| key.read(&mut *bytes)) {
            Ok(length) => length,
            Err(
                KeyError::KeyDoesNotExist
                | KeyError::KeyExpired
                | KeyError::KeyRevoked
                | KeyError::KeyRejected,
            ) => return Ok(None),
            Err(error) => return Err(KeyringRefusal(error)),
        };
        // The length is that of the whole key, even if less was read.
        Ok(bytes.get(..length).and_then(|bytes| match bytes {
            NO_ANSWER => Some(Memory::NoAnswer),
            bytes => SealingKeys::decode(bytes).map(Memory::Keys),
        }))
    }

    /// Replaces the cached memory.
    ///
    /// # Errors
    /// When the kernel refuses, for instance because the user's quota is exceeded.
    pub fn remember(&self, memory: &Memory) -> Result<(), KeyringRefusal> {
        let bytes = match memory {
            Memory::Keys(keys) => keys.encode(),
            Memory::NoAnswer => Zeroizing::new(NO_ANSWER.to_vec()),
        };
        self.put(&bytes).map_err(KeyringRefusal)
    }

    /// Adds the key to the user's keyring. A process outside of a session does not *possess* the
    /// keys in that keyring, and by default may not even read them (keyrings(7), "Possession" and
    /// "Access rights"). So the key is first created in a keyring that this process possesses,
    /// where its rights can be extended to the user. Then it is linked, so that no process sees it
    /// with fewer rights.
    fn put(&self, bytes: &[u8]) -> Result<(), KeyError> {
        let own = KeyRing::from_special_id(KeyRingIdentifier::Process, true)?;
        let key = own.add_key(&self.description, bytes)?;
        let all = KeyPermissionsBuilder::builder()
            .posessor(Permission::ALL)
            .user(Permission::ALL)
            .build();
        let linked =
            key.set_perms(all).and_then(|()| user_keyring()).and_then(|ring| ring.link_key(key));
        let unlinked = own.unlink_key(key);
        linked.and(unlinked)
    }

    /// Removes the cached memory.
    pub fn forget(&self) {
        // Without a keyring, there is nothing to remove.
        let _ = user_keyring()
            .and_then(|ring| ring.search(&self.description).and_then(|key| ring.unlink_key(key)));
    }
}

fn user_keyring() -> Result<KeyRing, KeyError> {
    KeyRing::from_special_id(KeyRingIdentifier::User, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SealingKey;

    fn place() -> (tempfile::TempDir, KernelKeyring) {
        let folder = tempfile::tempdir().unwrap();
        let keyring = KernelKeyring::of(&KeyFile::new(folder.path().to_owned()));
        (folder, keyring)
    }

    #[test]
    fn kernel_keyring_memory_is_replaced_and_forgotten() {
        let (_folder, keyring) = place();
        assert_eq!(keyring.recall(), Ok(None));
        let keys = SealingKeys::first(SealingKey::new(Zeroizing::new([7; 32])));
        for memory in [Memory::NoAnswer, Memory::Keys(keys)] {
            keyring.remember(&memory).unwrap();
            assert_eq!(keyring.recall(), Ok(Some(memory)));
        }
        keyring.forget();
        assert_eq!(keyring.recall(), Ok(None));
    }

    #[test]
    fn kernel_keyring_ignores_foreign_content() {
        let (_folder, keyring) = place();
        for bytes in [&[1][..], &[2; 33], &[1; 34], &[0; 2], &[1; 1_000]] {
            user_keyring().unwrap().add_key(&keyring.description, bytes).unwrap();
            assert_eq!(keyring.recall(), Ok(None), "{} bytes", bytes.len());
        }
        keyring.forget();
    }
}
