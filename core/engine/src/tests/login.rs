use std::time::Duration;

use api_key_helper_cache::{Demand, SealingKey};
use api_key_helper_values::{Error, ErrorKind, Secret};

use super::lab::{HOUR, Lab, Unsealed, key};
use super::source::{Does, Script, answer, credential, down};
use crate::Source;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn login_caches_its_key_and_clears_the_cooldown() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Fail(Error::needs_login("sign in"))]);
    let source = script.source("a");
    let id = source.planned.id.clone();
    let sources = [source];
    assert_eq!(lab.error(&sources).kind(), ErrorKind::NeedsLogin);
    let signed_in = credential("one").with_renewal(Secret::from("renewal"));
    script.then([Does::Answer(signed_in)]);
    lab.login(&sources[0]).unwrap();
    assert!(lab.failure(&id).is_none());
    assert_eq!(lab.key(&sources), "one");
    assert_eq!(lab.entry(&id).unwrap().renewal.unwrap().expose(), "renewal");
}

#[test]
fn login_holds_no_lock_during_the_prompt() {
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
fn login_prompt_time_does_not_count_towards_lifetime() {
    let lab = Lab::default();
    let mut source = Script::new(&lab, [Does::Take(300 * SECOND), answer("one")]).source("a");
    source.lifetime = Some(120 * SECOND);
    let validity = lab.login(&source).unwrap().validity;
    assert_eq!(validity.expires_at, Some(lab.now().plus(120 * SECOND)));
}

#[test]
fn login_in_progress_keeps_others_from_its_refresh_token() {
    let lab = Lab::default();
    let signed_in = credential("one").with_renewal(Secret::from("first"));
    let steps = [Does::Store("first"), Does::Take(5 * SECOND), Does::Answer(signed_in)];
    let source = Script::new(&lab, steps).source("a");
    let id = source.planned.id.clone();
    lab.at(2 * SECOND, move |lab| assert!(lab.is_locked(&id)));
    let id = source.planned.id.clone();
    lab.login(&source).unwrap();
    assert!(!lab.is_locked(&id));
    assert_eq!(lab.entry(&id).unwrap().renewal.unwrap().expose(), "first");
}

#[test]
fn login_that_fails_keeps_the_saved_refresh_token() {
    let lab = Lab::default();
    let steps = [Does::ReserveSpace, Does::Store("renewal"), Does::Fail(Error::transient("down"))];
    let source = Script::new(&lab, steps).source("a");
    let id = source.planned.id.clone();
    assert_eq!(lab.login(&source).unwrap_err().message(), "down");
    assert_eq!(lab.entry(&id).unwrap().renewal.unwrap().expose(), "renewal");
}

#[test]
fn login_that_cannot_be_saved_is_an_error() {
    let lab = Lab::default();
    lab.break_disk("publish");
    let source = Script::new(&lab, [answer("one")]).source("a");
    let error = lab.login(&source).unwrap_err();
    assert!(error.message().contains("cannot be kept"), "{error}");
}

#[test]
fn login_waits_for_the_lock_of_a_refresh() {
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
fn logout_revokes_and_removes_the_entry_even_when_revocation_fails() {
    for result in [answer("anything"), Does::Fail(Error::transient("down"))] {
        let lab = Lab::default();
        let is_down = matches!(result, Does::Fail(_));
        let script = Script::new(&lab, [Does::Store("renewal"), answer("one"), result]);
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
fn logout_syncs_the_removal_before_a_crash_can_undo_it() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Store("renewal"), answer("one"), answer("anything")]);
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
fn logout_with_a_hanging_server_removes_the_entry_after_timeout() {
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
fn login_sets_an_unreadable_entry_aside() {
    let lab = Lab::default();
    let source = Script::new(&lab, [answer("one")]).source("a");
    let file = source.planned.id.entry_file(&Unsealed);
    lab.put(&file, b"garbage");
    lab.login(&source).unwrap();
    assert!(lab.files().contains(&format!("{file}.unreadable")), "{:?}", lab.files());
}

/// A source whose first key came with a renewal, under the first value of its variable.
fn renewed(script: &Script, lab: &Lab) -> [Source; 1] {
    script.then([Does::Store("renewal"), answer("one")]);
    let sources = [script.source("a")];
    lab.set_variable("TOKEN", "first");
    lab.key(&sources);
    script.asked();
    lab.set_variable("TOKEN", "second");
    sources
}

#[test]
fn login_survives_a_changed_variable_and_its_key_is_fetched_again() {
    let lab = Lab::default();
    let script = Script::new(&lab, []).with_login();
    let sources = renewed(&script, &lab);
    script.then([answer("two")]);
    assert_eq!(lab.key(&sources), "two");
    assert_eq!(script.asked(), [Some("renewal".to_owned())]);
    assert_eq!(lab.key(&sources), "two");
}

#[test]
fn stale_key_of_another_environment_is_not_printed_in_an_outage() {
    let lab = Lab::default();
    let script = Script::new(&lab, []).with_login();
    let sources = renewed(&script, &lab);
    script.then(down(4));
    assert_eq!(lab.error(&sources).message(), "down");
    // It is still there for the first credential.
    lab.set_variable("TOKEN", "first");
    assert_eq!(lab.key(&sources), "one");
}

#[test]
fn refresh_token_of_another_environment_is_dropped() {
    let lab = Lab::default();
    let script = Script::new(&lab, []);
    let sources = renewed(&script, &lab);
    script.then([answer("two")]);
    assert_eq!(lab.key(&sources), "two");
    assert_eq!(script.asked(), [None]);
}

#[test]
fn logout_revokes_the_refresh_token_of_another_environment() {
    let lab = Lab::default();
    let script = Script::new(&lab, []);
    let sources = renewed(&script, &lab);
    script.then([answer("anything")]);
    lab.logout(&sources[0]).unwrap().unwrap();
    assert_eq!(script.asked(), [Some("renewal".to_owned())]);
    assert_eq!(lab.files(), [""; 0]);
}

#[test]
fn logout_reports_an_entry_that_cannot_be_opened() {
    let lab = Lab::default();
    let source = Script::new(&lab, []).source("a");
    lab.put(&source.planned.id.entry_file(&Unsealed), b"garbage");
    let told = lab.logout(&source).unwrap().unwrap_err();
    assert!(told.message().contains("an entry of source `a` cannot be opened"), "{told}");
    assert_eq!(lab.files(), [""; 0]);
}

#[test]
fn logout_keeps_an_entry_that_the_disk_does_not_read() {
    let lab = Lab::default();
    let older = SealingKey::new(zeroize::Zeroizing::new([1; 32]));
    lab.seal_before(&older);
    let script = Script::new(&lab, [Does::Store("renewal"), answer("one"), answer("anything")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    script.asked();
    let files = lab.files();
    let id = &sources[0].planned.id;
    for file in [id.entry_file(&Unsealed), id.entry_file(&older)] {
        lab.break_disk(format!("read {file}"));
        let error = lab.logout(&sources[0]).unwrap_err();
        assert_eq!(error.message(), format!("cannot read `{file}`: the disk refuses"));
        assert!(
            error.hint().unwrap().to_string().contains("revoke its sign-in at the provider"),
            "{error:?}"
        );
        assert_eq!(lab.files(), files);
        lab.mend_disk();
    }
    lab.logout(&sources[0]).unwrap().unwrap();
    assert_eq!(script.asked(), [Some("renewal".to_owned())]);
}

#[test]
fn forget_key_keeps_an_entry_that_the_disk_does_not_read() {
    let lab = Lab::default();
    let script = Script::new(&lab, [Does::Store("renewal"), answer("one")]);
    let sources = [script.source("a")];
    lab.key(&sources);
    let files = lab.files();
    lab.break_disk("read a-");
    let error = lab.forget_key(&sources[0]).unwrap_err();
    assert!(error.message().starts_with("cannot read `a-"), "{error}");
    assert_eq!(lab.files(), files);
}
