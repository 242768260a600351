//! Entries sealed by another key.

use std::time::Duration;

use api_key_helper_cache::{Demand, Entry, EntryId, Nonce, SealingKey};
use api_key_helper_values::Secret;
use zeroize::Zeroizing;

use super::lab::{HOUR, Lab, Unsealed, key};
use super::source::{Does, Script, answer, credential};
use crate::Source;

fn sealing_key(byte: u8) -> SealingKey {
    SealingKey::new(Zeroizing::new([byte; SealingKey::LENGTH]))
}

fn with_renewal(key: &'static str, renewal: &'static str) -> Does {
    Does::Answer(credential(key).with_renewal(Secret::from(renewal)))
}

fn put(lab: &Lab, id: &EntryId, seal: &SealingKey, entry: &Entry) {
    lab.put(&id.entry_file(seal), &entry.encode(id, seal, Nonce([1; 24])));
}

/// A world in which a source has a key and a renewal, sealed by a key that is not the current one.
fn moved() -> (Lab, Script, Source) {
    let lab = Lab::default();
    let script = Script::new(&lab, [with_renewal("one", "first")]);
    let source = script.source("a");
    lab.key(std::slice::from_ref(&source));
    script.asked();
    let id = &source.planned.id;
    let entry = lab.entry(id).unwrap();
    lab.remove(&id.entry_file(&Unsealed));
    put(&lab, id, &sealing_key(1), &entry);
    (lab, script, source)
}

fn entries(lab: &Lab) -> Vec<String> {
    lab.files().into_iter().filter(|file| file.ends_with(".entry")).collect()
}

#[test]
fn entry_of_an_older_sealing_key_is_printed_and_resealed() {
    let (lab, script, source) = moved();
    lab.seal_before(&sealing_key(1));
    let id = source.planned.id.clone();
    lab.steps();
    assert_eq!(lab.key(&[source]), "one");
    assert_eq!(script.asked(), [None; 0]);
    assert_eq!(entries(&lab), [id.entry_file(&Unsealed)]);
    // The new file is durable before the old one is removed.
    let (new, old) = (id.entry_file(&Unsealed), id.entry_file(&sealing_key(1)));
    let steps = ["draft", "write", "sync", &format!("publish {new}"), "sync names"];
    assert_eq!(lab.steps(), [&steps[..], &[&format!("remove {old}")]].concat());
}

#[test]
fn refresh_token_moves_with_its_resealed_entry() {
    let (lab, script, source) = moved();
    lab.seal_before(&sealing_key(1));
    lab.pass(48 * HOUR);
    script.then([answer("two")]);
    assert_eq!(lab.key(&[source]), "two");
    assert_eq!(script.asked(), [Some("first".to_owned())]);
    assert_eq!(entries(&lab).len(), 1);
}

#[test]
fn entry_reseal_on_a_failing_disk_loses_nothing() {
    for step in ["draft", "write", "sync", "publish", "sync names", "remove"] {
        let (lab, script, source) = moved();
        lab.seal_before(&sealing_key(1));
        lab.break_disk(step);
        let sources = [source];
        let outcome = lab.get(&sources, Demand::Printable);
        assert_eq!(outcome.warnings.len(), 1, "{step}: {outcome:?}");
        assert_eq!(key(outcome), "one", "{step}");
        lab.mend_disk();
        lab.pass(48 * HOUR);
        script.then([answer("two")]);
        assert_eq!(lab.key(&sources), "two", "{step}");
        assert_eq!(script.asked(), [Some("first".to_owned())], "{step}");
        assert_eq!(entries(&lab).len(), 1, "{step}");
    }
}

#[test]
fn logout_removes_an_entry_that_could_not_be_resealed() {
    let (lab, script, source) = moved();
    lab.seal_before(&sealing_key(1));
    lab.break_disk("draft");
    script.then([answer("anything")]);
    lab.logout(&source).unwrap().unwrap();
    assert_eq!(script.asked(), [Some("first".to_owned())]);
    assert_eq!(entries(&lab), [""; 0]);
}

#[test]
fn entry_that_no_sealing_key_opens_stays() {
    let (lab, script, source) = moved();
    script.then([answer("two")]);
    let sources = [source];
    assert_eq!(lab.key(&sources), "two");
    assert_eq!(script.asked(), [None]);
    assert_eq!(entries(&lab).len(), 2);
    // With the older sealing key back, an entry with a sign-in is preferred to one with a newer
    // key.
    lab.seal_before(&sealing_key(1));
    lab.pass(48 * HOUR);
    script.then([answer("three")]);
    assert_eq!(lab.key(&sources), "three");
    assert_eq!(script.asked(), [Some("first".to_owned())]);
    assert_eq!(entries(&lab).len(), 1);
}

#[test]
fn reseal_of_two_logins_keeps_the_younger() {
    for age in [HOUR, Duration::ZERO] {
        let (lab, script, source) = moved();
        let id = &source.planned.id;
        let mut other =
            Entry::decode(&lab.content(&id.entry_file(&sealing_key(1))), id, &sealing_key(1))
                .unwrap();
        other.validity.fetched_at =
            other.validity.fetched_at.plus(Duration::from_secs(1)).minus(age);
        other.renewal = Some(Secret::from("second"));
        put(&lab, id, &sealing_key(2), &other);
        for byte in [1, 2] {
            lab.seal_before(&sealing_key(byte));
        }
        lab.pass(48 * HOUR);
        script.then([answer("two")]);
        assert_eq!(lab.key(&[source]), "two");
        let younger = if age.is_zero() { "second" } else { "first" };
        assert_eq!(script.asked(), [Some(younger.to_owned())]);
        assert_eq!(entries(&lab).len(), 1);
    }
}

#[test]
fn logout_removes_entries_of_every_sealing_key() {
    let (lab, script, source) = moved();
    lab.seal_before(&sealing_key(1));
    script.then([answer("unused")]);
    lab.logout(&source).unwrap().unwrap();
    assert_eq!(script.asked(), [Some("first".to_owned())]);
    assert_eq!(entries(&lab), [""; 0]);
}
