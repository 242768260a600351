//! Records of answers.

use serde::{Deserialize, Serialize};

use crate::{Fingerprint, KeyId, Moment};

/// An answer to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The time at which the helper was started.
    pub asked_at: Moment,
    /// The time of the answer.
    pub answered_at: Moment,
    /// The fingerprint of the request.
    pub ask: Fingerprint,
    /// The key that it was about.
    pub key: KeyId,
    /// The outcome of the call.
    pub outcome: Outcome,
}

/// The outcome of a client's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The key was printed.
    Printed,
    /// The key was printed after another fetch, because the client had asked early.
    PrintedAnew,
    /// The client was told that the API refuses the key.
    Refused,
    /// The client reported the key as refused.
    Reported,
}

impl Record {
    /// The bytes to append to a file of records.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Fails only for a full sink, and a vector grows.
        postcard::to_extend(self, Vec::with_capacity(128)).unwrap_or_default()
    }

    /// Decodes the records at the start of `bytes`. Also returns whether these are all bytes.
    /// Nothing after a damaged record is used.
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
