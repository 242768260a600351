//! Renewals of the virtual issuers.

use std::fmt;

use api_key_helper_values::Secret;

/// A renewal: its login, and the number of renewals of that login before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Renewal {
    pub(crate) family: usize,
    pub(crate) generation: u32,
}

impl Renewal {
    pub(crate) fn read(secret: &Secret) -> Option<Self> {
        let (family, generation) = secret.expose().strip_prefix("renewal-")?.split_once('-')?;
        Some(Self { family: family.parse().ok()?, generation: generation.parse().ok()? })
    }

    pub(crate) fn secret(self) -> Secret {
        Secret::new(self.to_string())
    }

    /// Returns whether `other` was made from this one, directly or through others.
    pub(crate) const fn precedes(self, other: Self) -> bool {
        self.family == other.family && self.generation < other.generation
    }
}

impl fmt::Display for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "renewal-{}-{}", self.family, self.generation)
    }
}
