//! `--reload`: the program is run anew when its key changes, and only then.

use std::fs;

use integration_tests::wait::{now, since, until};
use rustix::process::Signal;

use crate::supervised::Supervised;

#[test]
fn a_new_key_is_a_new_run() {
    let user = Supervised::new();
    let call = user.call().start();
    let first = user.wait_for("started key-1");
    user.rotate("key-2");
    let second = user.wait_for("started key-2");
    assert_ne!(first, second);
    assert!(!first.is_running());
    call.signal(Signal::TERM);
    let answer = call.finish();
    assert_eq!((answer.code, &*answer.stderr), (Some(7), ""), "{answer:?}");
    // One after the other, and never two at once.
    assert_eq!(user.told(), ["started key-1", "TERM", "started key-2", "TERM"]);
}

#[test]
fn the_same_key_anew_is_no_new_run() {
    let user = Supervised::new();
    let call = user.call().start();
    let program = user.wait_for("started key-1");
    until("the key was fetched thrice", || (user.home.runs("main") >= 3).then_some(()));
    call.signal(Signal::TERM);
    assert_eq!(call.finish().code, Some(7));
    assert_eq!(user.told(), ["started key-1", "TERM"]);
    assert!(!program.is_running());
}

#[test]
fn a_key_that_another_process_fetched_is_noticed() {
    let user = Supervised::with_profile("");
    let call = user.call().start();
    user.wait_for("started key-1");
    user.rotate("key-2");
    user.home.call(["get", "--refresh"]).run().assert_key("key-2");
    user.wait_for("started key-2");
    call.signal(Signal::TERM);
    assert_eq!(call.finish().code, Some(7));
    // Ours was none of the fetches.
    assert_eq!(user.home.runs("main"), 2);
}

#[test]
fn without_a_new_key_the_program_goes_on() {
    let user = Supervised::new();
    let call = user.call().start();
    let program = user.wait_for("started key-1");
    fs::write(user.home.path().join("denied"), "").unwrap();
    until("the source has refused twice", || {
        let log = user.home.state().log();
        let refused = log.iter().filter(|event| event["outcome"] == "denied").count();
        (refused >= 2).then_some(())
    });
    assert!(program.is_running());
    fs::remove_file(user.home.path().join("denied")).unwrap();
    user.rotate("key-2");
    user.home.call(["get", "--refresh"]).run().assert_key("key-2");
    user.wait_for("started key-2");
    call.signal(Signal::TERM);
    let answer = call.finish();
    assert_eq!(answer.code, Some(7));
    let said = "api-key-helper: warning: the program goes on with the key that it has: ";
    assert!(answer.stderr.starts_with(said), "{answer:?}");
    assert_eq!(answer.stderr.lines().count(), 1, "{answer:?}");
}

#[test]
fn a_program_that_does_not_end_is_killed() {
    let user = Supervised::new();
    fs::write(user.home.path().join("busy"), "").unwrap();
    let call = user.call().start();
    let first = user.wait_for("started key-1");
    user.rotate("key-2");
    assert_eq!(user.wait_for("TERM"), first);
    let asked = now();
    let second = user.wait_for("started key-2");
    assert_ne!(first, second);
    assert!(!first.is_running());
    // It was seen a little later than it was told.
    assert!(since(asked).as_secs() >= 9, "{:?}", since(asked));
    fs::remove_file(user.home.path().join("busy")).unwrap();
    call.signal(Signal::TERM);
    assert_eq!(call.finish().code, Some(7));
}

#[test]
fn whoever_is_to_end_meanwhile_is_not_run_anew() {
    let user = Supervised::new();
    let busy = user.home.path().join("busy");
    fs::write(&busy, "").unwrap();
    let call = user.call().start();
    user.wait_for("started key-1");
    user.rotate("key-2");
    user.wait_for("TERM");
    call.signal(Signal::INT);
    user.wait_for("INT");
    fs::remove_file(busy).unwrap();
    assert_eq!(call.finish().code, Some(7));
    assert_eq!(user.told(), ["started key-1", "TERM", "INT"]);
}

#[test]
fn whoever_was_to_end_before_is_not_run_anew() {
    let user = Supervised::new();
    let busy = user.home.path().join("busy");
    fs::write(&busy, "").unwrap();
    let call = user.call().start();
    user.wait_for("started key-1");
    call.signal(Signal::TERM);
    user.wait_for("TERM");
    user.rotate("key-2");
    let terms = || user.told().iter().filter(|told| *told == "TERM").count();
    until("it was told by us too", || (terms() == 2).then_some(()));
    fs::remove_file(busy).unwrap();
    assert_eq!(call.finish().code, Some(7));
    assert_eq!(user.told(), ["started key-1", "TERM", "TERM"]);
}

#[test]
fn whoever_is_to_end_and_has_to_be_killed_is_not_run_anew() {
    let user = Supervised::new();
    fs::write(user.home.path().join("busy"), "").unwrap();
    let call = user.call().start();
    user.wait_for("started key-1");
    user.rotate("key-2");
    user.wait_for("TERM");
    call.signal(Signal::INT);
    let answer = call.finish();
    assert_eq!(answer.signal, Some(Signal::KILL.as_raw()), "{answer:?}");
    assert_eq!(user.told(), ["started key-1", "TERM", "INT"]);
}

#[test]
fn a_program_that_ends_by_itself_stays_ended() {
    let user = Supervised::new();
    let body = "[ \"$ANTHROPIC_API_KEY\" = key-2 ] && exit 3; exec \"$HOME/program\"";
    let call = user.home.call(["exec", "--reload", "--", "sh", "-c", body]).start();
    user.wait_for("started key-1");
    user.rotate("key-2");
    assert_eq!(call.finish().code, Some(3));
    assert_eq!(user.told(), ["started key-1", "TERM"]);
}
