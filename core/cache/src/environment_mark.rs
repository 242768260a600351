//! The mark of the environment of a key or a failure.

use std::ffi::OsString;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A keyed hash of the environment variables that a source depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentMark {
    salt: [u8; 16],
    hash: [u8; 32],
}

impl EnvironmentMark {
    /// The mark of the current values of `names`, keyed by `salt`.
    #[must_use]
    pub fn new(salt: [u8; 16], names: &[String], read: &dyn Fn(&str) -> Option<OsString>) -> Self {
        Self { salt, hash: hash(salt, names, read) }
    }

    /// Returns whether `names` still have the same values.
    #[must_use]
    pub fn stands(&self, names: &[String], read: &dyn Fn(&str) -> Option<OsString>) -> bool {
        self.hash == hash(self.salt, names, read)
    }
}

fn hash(salt: [u8; 16], names: &[String], read: &dyn Fn(&str) -> Option<OsString>) -> [u8; 32] {
    // Most sources depend on no variable, and a hit then needs no hash.
    if names.is_empty() {
        return [0; 32];
    }
    let mut block = [0; 64];
    block[..salt.len()].copy_from_slice(&salt);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for name in names {
        let value = read(name).map(|value| Zeroizing::new(value.into_encoded_bytes()));
        let length = value.as_ref().map_or(u64::MAX, |value| value.len() as u64);
        mac.update(&(name.len() as u64).to_le_bytes());
        mac.update(name.as_bytes());
        mac.update(&length.to_le_bytes());
        mac.update(value.as_deref().map_or(&[], Vec::as_slice));
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_mark_changes_with_variable_values() {
        let names = ["A".to_owned(), "B".to_owned()];
        let with = |a: Option<&'static str>, b: Option<&'static str>| {
            move |name: &str| if name == "A" { a } else { b }.map(OsString::from)
        };
        let mark = EnvironmentMark::new([7; 16], &names, &with(Some("1"), None));
        assert!(mark.stands(&names, &with(Some("1"), None)));
        assert!(!mark.stands(&names, &with(Some("1"), Some(""))));
        assert!(!mark.stands(&names, &with(Some("2"), None)));
        assert!(!mark.stands(&names, &with(None, Some("1"))));
        assert!(!mark.stands(&names[..1], &with(Some("1"), None)));
        assert!(!mark.stands(&[], &with(Some("1"), None)));
    }
}
