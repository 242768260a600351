//! The files of the state folder.

use std::time::Duration;

use super::parts;
use crate::rejection::{Record, judge_records};
use crate::{
    Entry, EntryId, EnvironmentMark, Error, Failure, Fingerprint, Freshness, Key, Lookup, Moment,
    Plan, Policy, SHOWN_LENGTH, Seal, Unsealed, look,
};

/// An entry that opens comes back as it was, and its key may be printed.
pub fn entry(bytes: &[u8]) {
    let sealed = Unsealed.seal(bytes, &id().context());
    let Some(entry) = Entry::decode(&sealed, &id(), &Unsealed) else { return };
    if let Some(key) = &entry.key {
        assert_eq!(Key::parse(key.expose()).as_ref(), Ok(key));
    }
    let again = entry.encode(&id(), &Unsealed);
    let back = Entry::decode(&again, &id(), &Unsealed).map(|entry| entry.encode(&id(), &Unsealed));
    assert_eq!(back, Some(again));
    let bounds = Policy::default().bounds(&entry.validity, HOLD);
    assert!(bounds.fresh_until <= bounds.due_until && bounds.due_until <= bounds.stale_until);
}

/// A plan that is read comes back as it was.
pub fn plan(bytes: &[u8]) {
    let Some(plan) = Plan::decode(bytes) else { return };
    let again = plan.encode();
    assert_eq!(Plan::decode(&again).map(|plan| plan.encode()), Some(again));
}

/// A failure that is read comes back as it was, can be shown, and pauses for five minutes at most.
pub fn failure(bytes: &[u8]) {
    let Some(failure) = Failure::decode(bytes) else { return };
    assert_eq!(Failure::decode(&failure.encode()).as_ref(), Some(&failure));
    assert!(failure.error().report().chars().count() <= SHOWN_LENGTH);
    if let Some(until) = failure.pause_until(NOW, true) {
        assert!(until > NOW && until.since(NOW) <= Duration::from_secs(300));
    }
    let next = Failure::remember(&failure.error(), Some(&failure), mark(), NOW, 1.0);
    assert!(next.encode().len() < 8 * SHOWN_LENGTH, "{} bytes", next.encode().len());
}

/// Whatever the files say, a hit is a key that may be printed and has not ended.
pub fn hit(bytes: &[u8]) {
    let [plan, failure, entry] = parts(bytes);
    let Some(mut plan) = Plan::decode(plan) else { return };
    for source in &mut plan.sources {
        source.id = id();
    }
    let sealed = Unsealed.seal(entry, &id().context());
    let lookup = Lookup {
        sources: &plan.sources,
        policy: &plan.policy,
        hold: plan.hold.of_caller(|_| false),
        now: NOW,
        seal: &Unsealed,
        variable: &|_| None,
    };
    let read = |file: &str| -> Result<_, Error> {
        Ok(Some(if file == id().failure_file() { failure } else { &sealed[..] }))
    };
    let Some(hit) = look(&lookup, read) else { return };
    assert!(hit.expires_at.is_none_or(|end| NOW < end), "past its end: {:?}", hit.expires_at);
    assert!(Key::parse(hit.key.expose()).is_ok() && hit.source < plan.sources.len());
    let validity = Entry::decode(&sealed, &id(), &Unsealed).map(|entry| entry.validity);
    let judged = validity.map(|validity| plan.policy.judge(&validity, lookup.hold, NOW));
    assert!(matches!(judged, Some(Freshness::Fresh | Freshness::Due)), "{judged:?}");
}

/// Records that are read come back as they were, and can be judged by.
pub fn records(bytes: &[u8]) {
    let (records, is_whole) = Record::decode_all(bytes);
    let again: Vec<u8> = records.iter().flat_map(Record::encode).collect();
    assert_eq!(Record::decode_all(&again), (records.clone(), true));
    assert!(!is_whole || again.len() <= bytes.len());
    judge_records(&records, NOW, HOLD);
}

fn id() -> EntryId {
    EntryId { source: "keys".to_owned(), fingerprint: Fingerprint::of([&b"settings"[..]]) }
}

fn mark() -> EnvironmentMark {
    EnvironmentMark::new([0; 16], &[], &|_| None)
}

const NOW: Moment = Moment::from_unix_millis(1_800_000_000_000);
const HOLD: Duration = Duration::from_secs(300);
