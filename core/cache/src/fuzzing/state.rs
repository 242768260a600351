//! The files of the state folder, and the sealing keys.

use std::time::Duration;

use api_key_helper_values::SHOWN_LENGTH;
use zeroize::Zeroizing;

use super::parts;
use crate::rejection::{Record, judge_records};
use crate::{
    Entry, EntryId, EnvironmentMark, Error, Failure, Fingerprint, Freshness, Key, Lookup, Moment,
    Nonce, Plan, PlannedSource, Policy, Seal, SealingKey, SealingKeys, SourcePlan, look,
};

/// A decoded entry is encoded to the same bytes, and its key may be printed. With a sealing key, no
/// bytes decode unless this key sealed them.
pub fn entry(bytes: &[u8]) {
    let sealing_key = SealingKey::new(Zeroizing::new([7; SealingKey::LENGTH]));
    assert_eq!(Entry::decode(&file_of(bytes), &id(), &sealing_key), None, "forged");
    let Some(entry) = Entry::decode(&file_of(bytes), &id(), &Bare) else { return };
    if let Some(key) = &entry.key {
        assert_eq!(Key::parse(key.expose()).as_ref(), Ok(key));
    }
    for seal in [&Bare as &dyn Seal, &sealing_key] {
        let again = entry.encode(&id(), seal, NONCE);
        let back = Entry::decode(&again, &id(), seal);
        assert_eq!(back.map(|back| back.encode(&id(), seal, NONCE)), Some(again));
    }
    let bounds = Policy::default().bounds(&entry.validity, HOLD);
    assert!(bounds.fresh_until <= bounds.due_until && bounds.due_until <= bounds.stale_until);
}

/// Decoded sealing keys are encoded to the same bytes, and there are not too many.
pub fn sealing_keys(bytes: &[u8]) {
    let Some(keys) = SealingKeys::decode(bytes) else { return };
    assert_eq!(*keys.encode(), *bytes);
    assert!(keys.older.len() < SealingKeys::MOST);
}

/// A decoded plan is encoded to the same bytes.
pub fn plan(bytes: &[u8]) {
    let Some(plan) = Plan::decode(bytes) else { return };
    let again = plan.encode();
    assert_eq!(Plan::decode(&again).map(|plan| plan.encode()), Some(again));
}

/// A decoded failure is encoded to the same bytes, can be shown, and has a cooldown of at most five
/// minutes. A remembered failure is a small file, for any error.
pub fn failure(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).repeat(1 + bytes.len() % 64);
    let remembered = remember(&Error::transient(&*text).with_hint(&*text), None);
    assert!(remembered.encode().len() < 16 * SHOWN_LENGTH, "{} bytes", remembered.encode().len());
    let Some(failure) = Failure::decode(bytes) else { return };
    assert_eq!(Failure::decode(&failure.encode()).as_ref(), Some(&failure));
    assert!(failure.error().report().chars().count() <= SHOWN_LENGTH);
    if let Some(until) = failure.last().pause_until(NOW, true) {
        assert!(until > NOW && until.since(NOW) <= Duration::from_secs(300));
    }
    let again = remember(&failure.error(), Some(&failure));
    assert!(again.last().pause_until(NOW, true).is_some());
}

/// For any files, a hit is a key that may be printed and has not expired.
pub fn hit(bytes: &[u8]) {
    let [plan, failure, entry] = parts(bytes);
    let Some(plan) = Plan::decode(plan) else { return };
    // The entry belongs to the sources of any plan.
    let planned = |source: &SourcePlan| {
        let variables = source.variables.clone();
        PlannedSource { id: id(), variables }
    };
    let entry = file_of(entry);
    let lookup = Lookup {
        policy: &plan.policy,
        hold: plan.hold.of_caller(|_| None),
        now: NOW,
        seal: &Bare,
        variable: &|_| None,
    };
    let read = |file: &str| -> Result<_, Error> {
        Ok(Some(if file == id().failure_file() { failure } else { &entry[..] }))
    };
    let Some(hit) = look(plan.sources.iter().map(planned), &lookup, read) else { return };
    assert!(hit.validity.expires_at.is_none_or(|end| NOW < end), "past its end: {hit:?}");
    assert!(Key::parse(hit.key.expose()).is_ok() && hit.source < plan.sources.len());
    let validity = Entry::decode(&entry, &id(), &Bare).map(|entry| entry.validity);
    let judged = validity.map(|validity| plan.policy.judge(&validity, lookup.hold, NOW));
    assert!(matches!(judged, Some(Freshness::Fresh | Freshness::Due)), "{judged:?}");
}

/// Decoded records are encoded to the same bytes, and can be judged by.
pub fn records(bytes: &[u8]) {
    let (records, is_whole) = Record::decode_all(bytes);
    let again: Vec<u8> = records.iter().flat_map(Record::encode).collect();
    assert_eq!(Record::decode_all(&again), (records.clone(), true));
    assert!(!is_whole || again.len() <= bytes.len());
    judge_records(&records, NOW, HOLD);
}

/// No encryption: behind a cipher, no input would reach the decoder.
#[derive(Debug)]
pub(super) struct Bare;

impl Seal for Bare {
    fn label(&self) -> &'static str {
        "bare"
    }

    fn seal(&self, content: &[u8], _: &[u8], _: Nonce) -> Vec<u8> {
        content.to_vec()
    }

    fn open(&self, sealed: &[u8], _: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        Some(Zeroizing::new(sealed.to_vec()))
    }
}

pub(super) fn file_of(sealed: &[u8]) -> Vec<u8> {
    [id().fingerprint.as_bytes(), sealed].concat()
}

pub(super) fn id() -> EntryId {
    EntryId { source: "keys".to_owned(), fingerprint: Fingerprint::of([&b"settings"[..]]) }
}

pub(super) fn remember(error: &Error, before: Option<&Failure>) -> Failure {
    let environment = EnvironmentMark::new([0; 16], &[], &|_| None);
    Failure::remember(error, before, environment, NOW, 1.0)
}

pub(super) const NOW: Moment = Moment::from_unix_millis(1_800_000_000_000);
const HOLD: Duration = Duration::from_secs(300);
pub(super) const NONCE: Nonce = Nonce([0; 24]);
