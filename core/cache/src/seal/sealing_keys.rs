//! The sealing keys of one home.

use zeroize::Zeroizing;

use super::sealing_key::SealingKey;

/// The current sealing key, and older ones. The older keys only open entries that were sealed
/// before they were replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealingKeys {
    /// The key that seals.
    pub current: SealingKey,
    /// The keys that only open, the newest first.
    pub older: Vec<SealingKey>,
}

/// The version of the format, the first byte.
const VERSION: u8 = 1;

impl SealingKeys {
    /// The largest number of keys. It is reached only if entries remain that cannot be opened.
    pub const MOST: usize = 8;
    /// The largest length of the encoding in bytes.
    pub const LONGEST: usize = 1 + Self::MOST * SealingKey::LENGTH;

    /// A set with only this key.
    #[must_use]
    pub const fn first(current: SealingKey) -> Self {
        Self { current, older: Vec::new() }
    }

    /// Makes `next` the current key. An older key stays if an entry needs it (`is_used`). The
    /// previous current key stays in any case, because a running process may still seal with it.
    #[must_use]
    pub fn rotated(&self, next: SealingKey, is_used: impl Fn(&SealingKey) -> bool) -> Self {
        let used = self.older.iter().filter(|key| is_used(key));
        let older = std::iter::once(&self.current).chain(used);
        Self { current: next, older: older.take(Self::MOST - 1).cloned().collect() }
    }

    /// Encodes the keys for their home.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::LONGEST));
        bytes.push(VERSION);
        for key in std::iter::once(&self.current).chain(&self.older).take(Self::MOST) {
            bytes.extend_from_slice(key.bytes());
        }
        bytes
    }

    /// Decodes keys from their home; `None` for anything else.
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
