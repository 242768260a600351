//! The seal of the virtual disk's entries.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use api_key_helper_cache::{Nonce, Seal};
use zeroize::Zeroizing;

/// A checksum that detects a torn file. The real seal would take most of the simulation's time in a
/// build without optimisation, and is not under test here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checked;

const CHECKSUM: usize = 8;

impl Seal for Checked {
    fn label(&self) -> &'static str {
        "plain"
    }

    fn seal(&self, content: &[u8], context: &[u8], _: Nonce) -> Vec<u8> {
        [&checksum(content, context), content].concat()
    }

    fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (expected, content) = sealed.split_at_checked(CHECKSUM)?;
        (checksum(content, context) == expected).then(|| Zeroizing::new(content.to_vec()))
    }
}

fn checksum(content: &[u8], context: &[u8]) -> [u8; CHECKSUM] {
    // Without a random key, the hash is the same in every run.
    let mut hasher = DefaultHasher::new();
    (content, context).hash(&mut hasher);
    hasher.finish().to_le_bytes()
}
