//! Seeds for formats that begin with a version, because random bytes rarely get past it.

use std::fs;
use std::time::Duration;

use fuzz_replay::folder;

use super::state::{Bare, NONCE, NOW, file_of, id, remember};
use crate::{
    Entry, EnvironmentMark, Error, Failure, Fingerprint, Hold, Key, Plan, Policy, SealSetting,
    Secret, SourcePlan, Validity,
};

/// Rewrites a seed in an old format, and fails once. The new seed is committed together with the
/// change of the format.
#[test]
fn fuzz_seeds_have_the_current_format() {
    let mut renewed = Vec::new();
    for (name, content) in seeds() {
        let file = folder().join("corpus").join(name);
        if fs::read(&file).ok() != Some(content.clone()) {
            fs::write(&file, content).unwrap();
            renewed.push(name);
        }
    }
    assert_eq!(renewed, [""; 0], "written anew; keep them");
}

fn seeds() -> [(&'static str, Vec<u8>); 12] {
    let (fresh, due) = (entry("sk-1", MINUTE), entry("sk-2", 65 * MINUTE));
    let no_key = Entry { key: None, ..fresh.clone() };
    let transient = remember(&Error::transient("down").with_hint("wait"), None);
    let not_found = remember(&Error::not_found("none"), Some(&transient));
    let (one, two) = (plan(1), plan(2));
    [
        ("entry/full", content(&fresh)),
        ("entry/due", content(&due)),
        ("entry/no-key", content(&no_key)),
        ("failure/transient", transient.encode()),
        ("failure/not-found", not_found.encode()),
        ("plan/one", one.encode()),
        ("plan/two", two.encode()),
        ("hit/fresh", hit(&one, None, &fresh)),
        ("hit/due", hit(&one, None, &due)),
        ("hit/in-a-pause", hit(&one, Some(&transient), &due)),
        ("hit/second", hit(&two, Some(&not_found), &due)),
        ("hit/no-key", hit(&one, Some(&transient), &no_key)),
    ]
}

const MINUTE: Duration = Duration::from_secs(60);

/// An entry of that age.
fn entry(key: &str, age: Duration) -> Entry {
    let fetched_at = NOW.minus(age);
    Entry {
        key: Some(Key::parse(key).unwrap()),
        key_since: fetched_at,
        refetched_at: Some(fetched_at),
        validity: Validity {
            fetched_at,
            expires_at: Some(NOW.plus(8 * 60 * MINUTE)),
            refresh_at: Some(NOW.plus(4 * 60 * MINUTE)),
            jitter: 0.5,
        },
        renewal: Some(Secret::from("renewal")),
        environment: EnvironmentMark::new([0; 16], &[], &|_| None),
    }
}

/// The sealed part of an entry's file.
fn content(entry: &Entry) -> Vec<u8> {
    let file = entry.encode(&id(), &Bare, NONCE);
    file[file_of(&[]).len()..].to_vec()
}

fn plan(sources: usize) -> Plan {
    Plan {
        inputs: Fingerprint::of([]),
        policy: Policy { ttl_jitter: 0.0, ..Policy::default() },
        hold: Hold { fixed: Some(MINUTE), claude_code: 5 * MINUTE },
        watches_rejection: true,
        seal: SealSetting::File,
        sources: vec![
            SourcePlan { id: id(), selectors: Vec::new(), variables: Vec::new() };
            sources
        ],
    }
}

/// The input of [`super::hit`].
fn hit(plan: &Plan, failure: Option<&Failure>, entry: &Entry) -> Vec<u8> {
    let part = |bytes: &[u8]| [&[u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let failure = failure.map(Failure::encode).unwrap_or_default();
    [part(&plan.encode()), part(&failure), content(entry)].concat()
}
