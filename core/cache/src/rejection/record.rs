//! What is recorded of an answer.

use serde::{Deserialize, Serialize};

use crate::{Fingerprint, KeyId, Moment};

/// An answer that a client was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When the helper was started that answered.
    pub asked_at: Moment,
    /// When it had answered.
    pub answered_at: Moment,
    /// What was asked for.
    pub ask: Fingerprint,
    /// The key that it was about.
    pub key: KeyId,
    /// What was said.
    pub outcome: Outcome,
}

/// What a client was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The key.
    Printed,
    /// The key, after the source was asked again because the client had asked early.
    PrintedAnew,
    /// That the API refuses the key.
    Refused,
    /// Nothing: it was the client that told us so.
    Reported,
}

impl Record {
    /// The bytes that are appended to a file of records.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Only a sink that is full can fail, and a vector never is.
        postcard::to_extend(self, Vec::with_capacity(128)).unwrap_or_default()
    }

    /// The records at the beginning of `bytes`, and whether that is all there is. What follows a
    /// damaged one is not believed.
    #[must_use]
    pub fn decode_all(mut bytes: &[u8]) -> (Vec<Self>, bool) {
        let mut records = Vec::new();
        while let Ok((record, rest)) = postcard::take_from_bytes(bytes) {
            records.push(record);
            bytes = rest;
        }
        (records, bytes.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seconds: u64, outcome: Outcome) -> Record {
        let at = Moment::from_unix_millis(seconds * 1_000);
        let fingerprint = Fingerprint::of([&b"a"[..]]);
        Record {
            asked_at: at,
            answered_at: at,
            ask: fingerprint,
            key: KeyId { source: fingerprint, since: at },
            outcome,
        }
    }

    #[test]
    fn rejection_records_roundtrip_through_encoding() {
        let records = [
            record(1, Outcome::Printed),
            record(2, Outcome::PrintedAnew),
            record(3, Outcome::Refused),
            record(4, Outcome::Reported),
        ];
        let bytes: Vec<u8> = records.iter().flat_map(Record::encode).collect();
        assert_eq!(Record::decode_all(&bytes), (records.to_vec(), true));
        assert_eq!(Record::decode_all(&[]), (Vec::new(), true));
    }

    #[test]
    fn torn_rejection_record_is_dropped() {
        let whole = record(1_800_000_000, Outcome::Printed).encode();
        for length in 1..whole.len() {
            let bytes = [&whole[..], &whole[..length]].concat();
            let (records, is_whole) = Record::decode_all(&bytes);
            assert_eq!((records.len(), is_whole), (1, false), "{length}");
        }
    }
}
