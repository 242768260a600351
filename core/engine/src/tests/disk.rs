use std::time::Duration;

use api_key_helper_cache::Demand;
use api_key_helper_values::{Error, ErrorKind};

use super::lab::{HOUR, Lab, Unsealed, key};
use super::source::{Does, Script, answer};

#[test]
fn entry_is_renamed_after_fsync() {
    let lab = Lab::default();
    let source = Script::new(&lab, [answer("one")]).source("a");
    let file = source.planned.id.entry_file(&Unsealed);
    lab.key(&[source]);
    let publish = format!("publish {file}");
    assert_eq!(lab.steps(), ["draft", "write", "sync", &publish, "sync names"]);
}

#[test]
fn entry_that_cannot_be_saved_still_prints_the_key() {
    for step in ["draft", "write", "sync", "publish", "sync names"] {
        let lab = Lab::default();
        lab.break_disk(step);
        let script = Script::new(&lab, [answer("one")]);
        let outcome = lab.get(&[script.source("a")], Demand::Printable);
        assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
        assert!(outcome.warnings[0].contains("was not cached"), "{:?}", outcome.warnings);
        assert_eq!(key(outcome), "one");
    }
}

#[test]
fn entry_that_cannot_be_read_is_a_cache_miss() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one"), answer("two")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.break_disk("read");
    let outcome = lab.get(&sources, Demand::Printable);
    assert!(outcome.warnings[0].contains("cannot read"), "{:?}", outcome.warnings);
    assert_eq!(key(outcome), "two");
}

#[test]
fn damaged_entry_is_set_aside() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one")]);
    let sources = [script.source("a")];
    let file = sources[0].planned.id.entry_file(&Unsealed);
    lab.put(&file, b"garbage");
    assert_eq!(lab.key(&sources), "one");
    assert!(lab.files().contains(&format!("{file}.unreadable")), "{:?}", lab.files());
    assert_eq!(lab.key(&sources), "one");
}

#[test]
fn lock_failure_still_fetches_the_key_with_a_warning() {
    let lab = Lab::default();
    lab.break_disk("lock");
    let script = Script::new(&lab, [answer("one")]);
    let outcome = lab.get(&[script.source("a")], Demand::Printable);
    assert!(outcome.warnings[0].contains("cannot lock"), "{:?}", outcome.warnings);
    assert_eq!(key(outcome), "one");
}

#[test]
fn lock_failure_uses_no_refresh_token() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Store("renewal"), answer("one")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(2 * HOUR);
    lab.break_disk("lock");
    script.asked();
    assert_eq!(key(lab.get(&sources, Demand::Printable)), "one");
    lab.pass(24 * HOUR);
    let error = lab.error(&sources);
    assert!(error.message().contains("cannot lock"), "{error}");
    assert_eq!(script.asked().len(), 0);
}

#[test]
fn cooldown_that_cannot_be_saved_still_reports_the_failure() {
    let lab = Lab::default();
    lab.break_disk("publish");
    let script = Script::new(&lab, [Does::Fail(Error::denied("no"))]);
    let outcome = lab.get(&[script.source("a")], Demand::Printable);
    assert!(outcome.warnings[0].contains("cannot be remembered"), "{:?}", outcome.warnings);
    assert_eq!(outcome.answer.unwrap_err().message(), "no");
}

#[test]
fn denied_key_that_cannot_be_dropped_is_reported() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one"), Does::Fail(Error::denied("no"))]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(2 * HOUR);
    lab.break_disk("publish");
    let outcome = lab.get(&sources, Demand::Printable);
    assert!(outcome.warnings[0].contains("was not dropped"), "{:?}", outcome.warnings);
    assert!(outcome.answer.is_err());
}

#[test]
fn denied_key_that_cannot_be_dropped_is_no_stale_fallback() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one"), Does::Fail(Error::denied("no"))]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.pass(2 * HOUR);
    let entry_file = sources[0].planned.id.entry_file(&Unsealed);
    lab.break_disk(format!("publish {entry_file}").leak());
    assert_eq!(lab.error(&sources).kind(), ErrorKind::Denied);
    lab.mend_disk();
    // In the cooldown the source is not asked, and the key is still there.
    assert!(lab.entry(&sources[0].planned.id).unwrap().key.is_some());
    assert_eq!(lab.error(&sources).kind(), ErrorKind::Denied);
}

#[test]
fn refresh_token_is_saved_despite_a_timeout_on_a_slow_disk() {
    // Saving takes longer than the attempt has left, but the renewal is on the disk.
    let lab = Lab::default();
    let steps = [Does::Take(Duration::from_secs(9)), Does::Store("renewal"), Does::Hang];
    let mut source = Script::new(&lab, steps).source("a");
    source.retries = 0;
    let id = source.planned.id.clone();
    lab.error(&[source]);
    assert_eq!(lab.entry(&id).unwrap().renewal.unwrap().expose(), "renewal");
}
