//! A seal without encryption, for tests of other things.

use api_key_helper_cache::{Nonce, Seal};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Has only a checksum, so that a torn or replaced file does not open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsealed;

const CHECKSUM: usize = 32;

impl Seal for Unsealed {
    fn label(&self) -> &'static str {
        "plain"
    }

    fn seal(&self, content: &[u8], context: &[u8], _: Nonce) -> Vec<u8> {
        [&checksum(content, context)[..], content].concat()
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
