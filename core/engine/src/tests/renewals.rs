use std::time::Duration;

use api_key_helper_cache::Demand;
use api_key_helper_values::{Error, Secret};

use super::lab::{HOUR, Lab, Unsealed};
use super::source::{Does, Script, answer, credential, down};
use crate::Source;

fn renewal(lab: &Lab, source: &Source) -> Option<String> {
    let entry = lab.entry(&source.planned.id)?;
    entry.renewal.map(|renewal| renewal.expose().to_owned())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn refresh_token_saved_by_an_attempt_serves_the_next() {
    let lab = Lab::default();
    let steps = [Does::Store("first")].into_iter().chain(down(1)).chain([answer("one")]);
    let script = Script::new(&lab, steps);
    let sources = [script.source("a")];
    lab.key(&sources);
    assert_eq!(script.asked(), [None, some("first")]);
    assert_eq!(renewal(&lab, &sources[0]), some("first"));
}

#[test]
fn refresh_token_survives_a_failed_call() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Store("first"), Does::Fail(Error::not_found("gone"))]);
    let sources = [script.source("a")];
    lab.error(&sources);
    assert_eq!(renewal(&lab, &sources[0]), some("first"));
    // There is no key yet, and the renewal does not count as one.
    lab.pass(Duration::from_secs(1));
    script.then([answer("one")]);
    assert_eq!(lab.key(&sources), "one");
}

#[test]
fn refresh_token_saved_keeps_the_cached_key_usable() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("old")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(2 * HOUR);
    let mut source = script.source("a");
    source.retries = 0;
    script.then([Does::Store("new")].into_iter().chain(down(1)));
    let outcome = lab.get(&[source], Demand::Printable);
    assert_eq!(outcome.answer.unwrap().key.expose(), "old");
    assert_eq!(renewal(&lab, &sources[0]), some("new"));
}

#[test]
fn refresh_token_is_kept_when_the_credential_has_none() {
    let lab = Lab::default();
    let first = credential("one").with_renewal(Secret::from("first"));
    let script = Script::new(&lab, [Does::Answer(first)]);
    let sources = [script.source("a")];
    lab.key(&sources);
    assert_eq!(renewal(&lab, &sources[0]), some("first"));
    lab.pass(2 * HOUR);
    script.then([Does::Store("second"), answer("two")]);
    lab.key(&sources);
    assert_eq!(renewal(&lab, &sources[0]), some("second"));
    lab.pass(2 * HOUR);
    script.then([answer("three")]);
    lab.key(&sources);
    assert_eq!(renewal(&lab, &sources[0]), some("second"));
}

#[test]
fn refresh_token_is_read_again_before_it_is_dropped() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Store("first"), Does::Reread]);
    let sources = [script.source("a")];
    assert_eq!(lab.key(&sources), "none");
    lab.pass(2 * HOUR);
    let id = sources[0].planned.id.clone();
    script.then([Does::Overtake(id, "second"), Does::Reread]);
    assert_eq!(lab.key(&sources), "second");
    // An older renewal does not overwrite it.
    assert_eq!(renewal(&lab, &sources[0]), some("second"));
}

#[test]
fn refresh_token_is_durable_before_saving_returns() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Store("first"), Does::Fail(Error::denied("no"))]);
    let source = script.source("a");
    let file = source.planned.id.entry_file(&Unsealed);
    lab.error(&[source]);
    let steps = lab.steps();
    let kept = ["draft", "write", "sync", &format!("publish {file}"), "sync names"];
    assert_eq!(steps[..5], kept.map(str::to_owned));
}

#[test]
fn refresh_token_that_cannot_be_saved_fails_the_attempt() {
    let lab = Lab::default();
    lab.break_disk("publish");
    let mut source = Script::new(&lab, [Does::Store("first")]).source("a");
    source.retries = 0;
    let error = lab.error(&[source]);
    assert!(error.message().contains("cannot keep"), "{error}");
}

#[test]
fn refresh_token_that_cannot_be_saved_is_used_in_the_call() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Store("first"), answer("one")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(2 * HOUR);
    lab.break_disk("publish");
    script.asked();
    script.then([Does::Store("second"), Does::MendDisk, Does::Store("third"), answer("two")]);
    lab.key(&sources);
    assert_eq!(script.asked(), [some("first"), some("second")]);
    assert_eq!(renewal(&lab, &sources[0]), some("third"));
}

#[test]
fn refresh_token_on_disk_is_not_newer_than_the_unsaved_one() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Store("first"), answer("one")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(2 * HOUR);
    lab.break_disk("publish");
    script.asked();
    script.then([Does::Store("second"), Does::MendDisk, Does::Reread]);
    assert_eq!(lab.key(&sources), "none");
    assert_eq!(script.asked(), [some("first"), some("second")]);
    assert_eq!(renewal(&lab, &sources[0]), some("second"));
}

#[test]
fn refresh_token_is_not_used_on_a_full_disk() {
    let lab = Lab::default();
    lab.break_disk("draft");
    let script = Script::new(&lab, [Does::ReserveSpace]);
    let mut source = script.source("a");
    source.retries = 0;
    let error = lab.error(&[source]);
    assert!(error.message().contains("no room"), "{error}");
    lab.mend_disk();
    lab.pass(Duration::from_secs(1));
    script.then([Does::ReserveSpace, Does::Store("first"), answer("one")]);
    assert_eq!(lab.key(&[script.source("a")]), "one");
}
