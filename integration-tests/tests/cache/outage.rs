//! A source that is down, with many callers.

use std::fs;
use std::time::Duration;

use integration_tests::call::{Answer, Running};
use integration_tests::home::{Home, KEYS};
use integration_tests::wait::{now, since, sleep};

/// A source that is down while the file `down` exists.
const MAY_BE_DOWN: &str = "[ ! -e \"$HOME/down\" ] || { echo 'no route to host' >&2; exit 75; }";

fn home() -> Home {
    Home::with_settings("retries = 0", "", &format!("{MAY_BE_DOWN}\n{KEYS}"))
}

/// Makes fifty calls a second for three seconds, or as many as possible; returns the results and
/// the time.
fn calls(home: &Home) -> (Vec<Answer>, Duration) {
    let started = now();
    let mut calls: Vec<Running> = Vec::new();
    while since(started) < Duration::from_secs(3) {
        calls.push(home.helper().start());
        sleep(Duration::from_millis(20));
    }
    let answers: Vec<Answer> = calls.into_iter().map(Running::finish).collect();
    assert!(answers.len() > 20, "{} calls", answers.len());
    (answers, since(started))
}

/// Asserts that every attempt is a saved failure, and that cooldowns limit their number: the first
/// ones are at least 0.5 s, 1 s and 2 s long.
#[track_caller]
fn assert_one_attempt_for_each_pause(home: &Home, failures: usize, took: Duration) {
    assert!(failures >= 2, "{failures} attempts in {took:?}");
    let least: Duration = (1..failures).map(|n| Duration::from_millis(250 << n)).sum();
    assert!(took >= least, "{failures} attempts in {took:?}");
    let failure = home.state().failure("main").unwrap();
    assert_eq!(failure.count() as usize, failures);
    let log = home.state().log();
    let failed = log.iter().filter(|line| line["outcome"] == "transient");
    assert!(failed.clone().all(|line| line["attempts"] == 1), "{log:?}");
    assert_eq!(failed.count(), failures);
}

#[test]
fn outage_with_a_stale_key_costs_one_attempt_per_cooldown() {
    let home = home();
    home.helper().run().assert_key("key-1");
    home.state().age("main", Duration::from_secs(7_200));
    let down = home.write("down", "");

    let (answers, took) = calls(&home);

    for answer in answers {
        answer.assert_warned("key-1", &["no route to host"]);
    }
    let runs = home.runs("main");
    assert_one_attempt_for_each_pause(&home, runs - 1, took);

    fs::remove_file(down).unwrap();
    home.state().end_pause("main");
    home.helper().run().assert_key(&format!("key-{}", runs + 1));
    assert_eq!(home.state().failure("main"), None);
}

#[test]
fn outage_without_a_key_repeats_the_error_during_the_cooldown() {
    let home = home();
    let down = home.write("down", "");

    let (answers, took) = calls(&home);

    for answer in answers {
        answer.assert_error(1, &["no route to host", "by hand"]);
    }
    let runs = home.runs("main");
    assert_one_attempt_for_each_pause(&home, runs, took);

    fs::remove_file(down).unwrap();
    home.state().end_pause("main");
    home.helper().run().assert_key(&format!("key-{}", runs + 1));
}

#[test]
fn get_refresh_ignores_the_cooldown() {
    let home = home();
    let down = home.write("down", "");
    home.helper().run().assert_error(1, &["no route to host"]);
    fs::remove_file(down).unwrap();
    home.call(["get", "--refresh"]).run().assert_key("key-2");
}
