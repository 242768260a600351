//! How an entry lies on disk.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Turns an entry into what is written to disk, and back. The context (source, fingerprint and format
/// version) is bound to the content: what was sealed for another context does not open.
pub trait Seal: fmt::Debug + Send + Sync {
    /// A few characters `[a-z0-9]` for the entry's file name, one for each sealing key.
    fn label(&self) -> &str;

    /// Seals `content`.
    fn seal(&self, content: &[u8], context: &[u8]) -> Vec<u8>;

    /// The content, if it was sealed for `context` and arrived unchanged.
    fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Zeroizing<Vec<u8>>>;
}

/// No encryption, only a checksum: a torn or exchanged file does not open.
#[derive(Clone, Copy, Debug)]
pub struct Unsealed;

const CHECKSUM: usize = 32;

impl Seal for Unsealed {
    fn label(&self) -> &'static str {
        "plain"
    }

    fn seal(&self, content: &[u8], context: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(CHECKSUM + content.len());
        sealed.extend_from_slice(&checksum(content, context));
        sealed.extend_from_slice(content);
        sealed
    }

    fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (expected, content) = sealed.split_at_checked(CHECKSUM)?;
        (checksum(content, context) == expected).then(|| Zeroizing::new(content.to_vec()))
    }
}

fn checksum(content: &[u8], context: &[u8]) -> [u8; CHECKSUM] {
    let mut hash = Sha256::new();
    hash.update((context.len() as u64).to_le_bytes());
    hash.update(context);
    hash.update(content);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_what_was_sealed_for_the_context() {
        let sealed = Unsealed.seal(b"content", b"context");
        assert_eq!(**Unsealed.open(&sealed, b"context").unwrap(), *b"content");
        assert!(Unsealed.open(&sealed, b"another").is_none());
        for length in 0..sealed.len() {
            assert!(Unsealed.open(&sealed[..length], b"context").is_none());
            let mut changed = sealed.clone();
            changed[length] ^= 1;
            assert!(Unsealed.open(&changed, b"context").is_none());
        }
    }
}
