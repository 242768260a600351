//! The keys of one home, as that keeps them.

use zeroize::Zeroizing;

use super::sealing_key::SealingKey;

/// The sealing key that is in use, and those before it. These only open what was sealed before they
/// were replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealingKeys {
    /// Seals.
    pub current: SealingKey,
    /// Open only; the youngest first.
    pub older: Vec<SealingKey>,
}

/// The first byte: the version of this format.
const VERSION: u8 = 1;

impl SealingKeys {
    /// The most keys that are kept: more are there only when entries stay that do not open.
    pub const MOST: usize = 8;
    /// The length of the greatest encoding, in bytes.
    pub const LONGEST: usize = 1 + Self::MOST * SealingKey::LENGTH;

    /// A first key.
    #[must_use]
    pub const fn first(current: SealingKey) -> Self {
        Self { current, older: Vec::new() }
    }

    /// Puts `next` in front. Of the keys before, that `is_used` by some entry or was the current
    /// one until now stays: a process that is at work may still seal with that.
    #[must_use]
    pub fn rotated(&self, next: SealingKey, is_used: impl Fn(&SealingKey) -> bool) -> Self {
        let used = self.older.iter().filter(|key| is_used(key));
        let older = std::iter::once(&self.current).chain(used);
        Self { current: next, older: older.take(Self::MOST - 1).cloned().collect() }
    }

    /// How a home keeps them.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::LONGEST));
        bytes.push(VERSION);
        for key in std::iter::once(&self.current).chain(&self.older).take(Self::MOST) {
            bytes.extend_from_slice(key.bytes());
        }
        bytes
    }

    /// Reads what a home keeps; `None` for anything else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[VERSION], keys) = bytes.split_first_chunk()? else { return None };
        let (keys, []) = keys.as_chunks::<{ SealingKey::LENGTH }>() else { return None };
        if keys.len() > Self::MOST {
            return None;
        }
        let mut keys = keys.iter().map(|bytes| SealingKey::new(Zeroizing::new(*bytes)));
        Some(Self { current: keys.next()?, older: keys.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealingKey {
        SealingKey::new(Zeroizing::new([byte; SealingKey::LENGTH]))
    }

    #[test]
    fn sealing_keys_roundtrip_through_encoding() {
        let first = SealingKeys::first(key(1));
        for keys in [first.clone(), first.rotated(key(2), |_| true)] {
            assert_eq!(SealingKeys::decode(&keys.encode()), Some(keys));
        }
    }

    #[test]
    fn damaged_sealing_keys_decode_to_none() {
        let bytes = SealingKeys::first(key(1)).encode();
        for length in 0..bytes.len() {
            assert_eq!(SealingKeys::decode(&bytes[..length]), None);
        }
        let mut other = bytes.to_vec();
        other[0] = 2;
        assert_eq!(SealingKeys::decode(&other), None);
        assert_eq!(SealingKeys::decode(&[&bytes[..], b"more"].concat()), None);
        assert_eq!(SealingKeys::decode(&[&[1], [0; 9 * 32].as_slice()].concat()), None);
    }

    #[test]
    fn unused_sealing_key_is_dropped_one_rotation_later() {
        let keys = SealingKeys::first(key(1)).rotated(key(2), |_| false);
        assert_eq!((keys.current.clone(), keys.older.clone()), (key(2), vec![key(1)]));
        let unused = keys.rotated(key(3), |_| false);
        assert_eq!(unused.older, [key(2)]);
        let used = keys.rotated(key(3), |_| true);
        assert_eq!(used.older, [key(2), key(1)]);
    }

    #[test]
    fn sealing_keys_are_bounded() {
        let many = (2..20)
            .fold(SealingKeys::first(key(1)), |keys, byte| keys.rotated(key(byte), |_| true));
        assert_eq!(many.encode().len(), SealingKeys::LONGEST);
        assert_eq!(SealingKeys::decode(&many.encode()), Some(many));
    }
}
