use std::time::Duration;

use super::lab::{HOUR, Lab, key};
use super::source::{Does, Script, answer, credential};
use crate::engine::Demand;
use crate::{Credential, Error, ErrorKind, Secret};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_login_caches_its_key_and_forgets_the_failure() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Fail(Error::needs_login("sign in"))]);
    let source = script.source("a");
    let id = source.planned.id.clone();
    let sources = [source];
    assert_eq!(lab.error(&sources).kind(), ErrorKind::NeedsLogin);
    let signed_in = Credential { renewal: Some(Secret::from("renewal")), ..credential("one") };
    script.then([Does::Answer(signed_in)]);
    lab.login(&sources[0]).unwrap();
    assert!(lab.failure(&id).is_none());
    assert_eq!(lab.key(&sources), "one");
    assert_eq!(lab.entry(&id).unwrap().renewal.unwrap().expose(), "renewal");
}

#[test]
fn no_lock_is_held_while_the_human_is_waited_for() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("old"), Does::Take(60 * SECOND), answer("new")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    let other = Script::new(&lab, [answer("meanwhile")]);
    let meanwhile = [other.source("a")];
    lab.at(30 * SECOND, move |lab| {
        assert_eq!(key(lab.get(&meanwhile, Demand::FetchedSince(lab.now()))), "meanwhile");
    });
    lab.login(&sources[0]).unwrap();
    assert_eq!(lab.key(&sources), "new");
}

#[test]
fn a_lifetime_does_not_begin_before_the_human_has_signed_in() {
    let lab = Lab::default();
    let mut source = Script::new(&lab, [Does::Take(300 * SECOND), answer("one")]).source("a");
    source.lifetime = Some(120 * SECOND);
    let validity = lab.login(&source).unwrap().validity;
    assert_eq!(validity.expires_at, Some(lab.now().plus(120 * SECOND)));
}

#[test]
fn nobody_spends_what_a_login_has_kept_before_it_ends() {
    let lab = Lab::default();
    let signed_in = Credential { renewal: Some(Secret::from("first")), ..credential("one") };
    let steps = [Does::Keep("first"), Does::Take(5 * SECOND), Does::Answer(signed_in)];
    let source = Script::new(&lab, steps).source("a");
    let id = source.planned.id.clone();
    lab.at(2 * SECOND, move |lab| assert!(lab.is_locked(&id)));
    let id = source.planned.id.clone();
    lab.login(&source).unwrap();
    assert!(!lab.is_locked(&id));
    assert_eq!(lab.entry(&id).unwrap().renewal.unwrap().expose(), "first");
}

#[test]
fn what_a_login_keeps_survives_its_failure() {
    let lab = Lab::default();
    let steps = [Does::MakeRoom, Does::Keep("renewal"), Does::Fail(Error::transient("down"))];
    let source = Script::new(&lab, steps).source("a");
    let id = source.planned.id.clone();
    assert_eq!(lab.login(&source).unwrap_err().message(), "down");
    assert_eq!(lab.entry(&id).unwrap().renewal.unwrap().expose(), "renewal");
}

#[test]
fn a_login_that_cannot_be_kept_says_so() {
    let lab = Lab::default();
    lab.break_disk("publish");
    let source = Script::new(&lab, [answer("one")]).source("a");
    let error = lab.login(&source).unwrap_err();
    assert!(error.message().contains("cannot be kept"), "{error}");
}

#[test]
fn a_login_waits_for_whoever_refreshes() {
    let lab = Lab::default();
    let source = Script::new(&lab, [answer("one"), answer("two")]).source("a");
    lab.lock(&source);
    let file = source.planned.id.lock_file();
    lab.at(5 * SECOND, move |lab| lab.unlock(&file));
    lab.login(&source).unwrap();
    lab.lock(&source);
    let error = lab.login(&source).unwrap_err();
    assert!(error.message().contains("still refreshing"), "{error}");
}

#[test]
fn a_logout_gives_back_and_forgets_even_where_nobody_takes_it() {
    for result in [answer("anything"), Does::Fail(Error::transient("down"))] {
        let lab = Lab::default();
        let is_down = matches!(result, Does::Fail(_));
        let script = Script::new(&lab, [Does::Keep("renewal"), answer("one"), result]);
        let sources = [script.source("a")];
        lab.key(&sources);
        script.asked();
        assert_eq!(lab.logout(&sources[0]).unwrap().is_err(), is_down);
        assert_eq!(script.asked(), [Some("renewal".to_owned())]);
        assert_eq!(lab.files(), [""; 0]);
        // Again, with nothing left.
        assert_eq!(lab.logout(&sources[0]), Ok(Ok(())));
    }
}

#[test]
fn what_was_given_back_does_not_outlive_a_crash() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Keep("renewal"), answer("one"), answer("anything")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    lab.steps();
    lab.logout(&sources[0]).unwrap().unwrap();
    assert_eq!(lab.steps().last().unwrap(), "sync names");
    lab.break_disk("sync names");
    let error = lab.logout(&sources[0]).unwrap_err();
    assert!(error.message().contains("cannot remove"), "{error}");
}

#[test]
fn a_server_that_never_answers_does_not_keep_us_from_forgetting() {
    let lab = Lab::default();
    let script = Script::new(&lab, [answer("one"), Does::Hang]);
    let sources = [script.source("a")];
    lab.key(&sources);
    let before = lab.now();
    assert!(lab.logout(&sources[0]).unwrap().is_err());
    assert!(lab.now().since(before) < HOUR);
    assert_eq!(lab.files(), [""; 0]);
}

#[test]
fn a_login_sets_an_unreadable_entry_aside() {
    let lab = Lab::default();
    let source = Script::new(&lab, [answer("one")]).source("a");
    let file = source.planned.id.entry_file(&crate::Unsealed);
    lab.put(&file, b"garbage");
    lab.login(&source).unwrap();
    assert!(lab.files().contains(&format!("{file}.unreadable")), "{:?}", lab.files());
}
