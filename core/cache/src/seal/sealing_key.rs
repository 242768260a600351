//! Sealing: its interface, its key and its cipher.

use std::fmt;

use chacha20poly1305::{AeadInOut as _, KeyInit as _, XChaCha20Poly1305};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::hex;

/// Encrypts an entry for the disk, and decrypts it. The context (source, fingerprint and format
/// version) is bound to the content: an entry sealed for another context does not open.
pub trait Seal: fmt::Debug + Send + Sync {
    /// A few characters `[a-z0-9]` for the entry's file name, one label for each sealing key.
    fn label(&self) -> &str;

    /// Seals `content`. `nonce` must never be used a second time.
    fn seal(&self, content: &[u8], context: &[u8], nonce: Nonce) -> Vec<u8>;

    /// Opens `sealed`, if it was sealed for `context` and was not changed.
    fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Zeroizing<Vec<u8>>>;
}

/// A random number for one sealing. It is so long that no two are ever the same.
#[derive(Clone, Copy, Debug)]
pub struct Nonce(pub [u8; 24]);

/// A key for XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). The cipher's nonce is long enough for
/// random choice by any number of independent processes.
///
/// The sealed content is the nonce, the ciphertext, and a tag of 16 bytes.
#[derive(Clone)]
pub struct SealingKey {
    bytes: Zeroizing<[u8; Self::LENGTH]>,
    label: String,
}

impl SealingKey {
    /// The length of a sealing key in bytes.
    pub const LENGTH: usize = 32;

    /// The key with these bytes, which must be random.
    #[must_use]
    pub fn new(bytes: Zeroizing<[u8; Self::LENGTH]>) -> Self {
        let label = label(&bytes);
        Self { bytes, label }
    }

    pub(super) fn bytes(&self) -> &[u8; Self::LENGTH] {
        &self.bytes
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.bytes().into())
    }
}

impl Seal for SealingKey {
    fn label(&self) -> &str {
        &self.label
    }

    fn seal(&self, content: &[u8], context: &[u8], nonce: Nonce) -> Vec<u8> {
        // Reserved at once: a growing buffer would leave copies of the content behind.
        let mut sealed = Vec::with_capacity(NONCE + content.len() + TAG);
        sealed.extend_from_slice(content);
        // Fails only for contents of 256 GiB.
        let is_sealed = self.cipher().encrypt_in_place(&nonce.0.into(), context, &mut sealed);
        if is_sealed.is_err() {
            sealed.truncate(0);
        }
        sealed.splice(..0, nonce.0);
        sealed
    }

    fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>()?;
        let mut content = Zeroizing::new(ciphertext.to_vec());
        self.cipher().decrypt_in_place(nonce.into(), context, &mut *content).ok()?;
        Some(content)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey").field("label", &self.label).finish_non_exhaustive()
    }
}

impl PartialEq for SealingKey {
    /// Compares the labels, so that the comparison's time reveals nothing about the key.
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label
    }
}

impl Eq for SealingKey {}

/// A hash of the key, which reveals nothing about it.
fn label(bytes: &[u8; SealingKey::LENGTH]) -> String {
    let mut hash = Sha256::new();
    hash.update(b"api-key-helper label of a sealing key");
    hash.update(bytes);
    hex(&hash.finalize()[..LABEL])
}

/// Enough bytes to tell apart the few keys of one folder.
const LABEL: usize = 5;
const NONCE: usize = 24;
const TAG: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealingKey {
        SealingKey::new(Zeroizing::new([byte; SealingKey::LENGTH]))
    }

    #[test]
    fn sealing_key_opens_only_its_own_content_and_context() {
        let sealed = key(1).seal(b"content", b"context", Nonce([7; 24]));
        assert_eq!(**key(1).open(&sealed, b"context").unwrap(), *b"content");
        assert!(key(2).open(&sealed, b"context").is_none());
        assert!(key(1).open(&sealed, b"another").is_none());
        for length in 0..sealed.len() {
            assert!(key(1).open(&sealed[..length], b"context").is_none());
            let mut changed = sealed.clone();
            changed[length] ^= 1;
            assert!(key(1).open(&changed, b"context").is_none());
        }
    }

    /// The test vector of draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    #[test]
    fn sealing_key_cipher_matches_the_xchacha_test_vector() {
        let bytes = std::array::from_fn(|index| 0x80 + u8::try_from(index).unwrap());
        let nonce = std::array::from_fn(|index| 0x40 + u8::try_from(index).unwrap());
        let context = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];
        let content = b"Ladies and Gentlemen of the class of '99: If I could offer you only one \
                        tip for the future, sunscreen would be it.";
        let sealed = SealingKey::new(Zeroizing::new(bytes)).seal(content, &context, Nonce(nonce));
        assert_eq!(sealed[..NONCE], nonce);
        assert_eq!(hex(&sealed[NONCE..NONCE + 16]), "bd6d179d3e83d43b9576579493c0e939");
        assert_eq!(hex(&sealed[sealed.len() - TAG..]), "c0875924c1c7987947deafd8780acf49");
    }

    #[test]
    fn sealing_key_label_reveals_nothing_of_the_key() {
        assert_ne!(key(1).label(), key(2).label());
        assert_eq!(key(1).label(), key(1).label());
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        assert!(key(1).label().len() == 10 && key(1).label().chars().all(is_plain));
        assert_eq!(
            format!("{:?}", key(1)),
            format!("SealingKey {{ label: {:?}, .. }}", key(1).label())
        );
    }
}
