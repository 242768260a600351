//! At most one process refreshes a source.

use std::time::Duration;

use integration_tests::call::{Running, wait_for_workers};
use integration_tests::home::{Home, KEYS, configuration};
use integration_tests::wait::{now, since, until};
use rustix::process::Signal;

const MINUTE: Duration = Duration::from_secs(60);

/// Returns a home whose source waits at the breakpoint in its first run.
fn home_with_breakpoint() -> (Home, integration_tests::breakpoint::Breakpoint) {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("[ $run = 1 ] && {}\n{KEYS}", breakpoint.command()));
    home.configure(&configuration("deadline = \"2m\"\ntimeout = \"2m\"", "", &script));
    (home, breakpoint)
}

#[test]
fn single_flight_two_hundred_cold_processes_run_the_script_once() {
    let (home, breakpoint) = home_with_breakpoint();
    let calls: Vec<Running> = (0..200).map(|_| home.helper().start()).collect();
    let held = breakpoint.reached();
    wait_for_workers(&calls);
    held.resume();

    for call in calls {
        call.finish().assert_key("key-1");
    }
    assert_eq!(home.runs("main"), 1);
    assert_eq!(home.state().log().len(), 1);
    assert_eq!(home.state().files(".tmp"), [""; 0]);
}

#[test]
fn single_flight_another_process_takes_over_when_the_lock_holder_is_killed() {
    let (home, breakpoint) = home_with_breakpoint();
    let holder = home.helper().start();
    let held = breakpoint.reached();
    let waiting: Vec<Running> = (0..5).map(|_| home.helper().start()).collect();
    wait_for_workers(&waiting);
    assert_eq!(home.runs("main"), 1);

    holder.signal(Signal::KILL);
    let killed = now();
    until("another one asks", || (home.runs("main") == 2).then_some(()));
    let took = since(killed);

    // It takes some milliseconds without load; waiting in vain takes two minutes.
    assert!(took < Duration::from_secs(10), "{took:?}");
    for call in waiting {
        call.finish().assert_key("key-2");
    }
    assert_eq!(holder.finish().signal, Some(Signal::KILL.as_raw()));
    // The late output of the first script is ignored.
    held.resume();
    home.helper().run().assert_key("key-2");
    assert_eq!(home.state().key("main").as_deref(), Some("key-2"));
    assert_eq!(home.runs("main"), 2);
}

#[test]
fn profiles_share_a_sources_entry_and_judge_it_by_their_own_ttl() {
    let home = Home::new();
    let script = home.script("main", KEYS);
    home.configure(&format!(
        "default_profile = \"long\"\n\
         [profile.long]\nsources = [\"main\"]\nttl = \"1h\"\n\
         [profile.short]\nsources = [\"main\"]\nttl = \"1m\"\nstale_while_revalidate = \"0s\"\n\
         [source.main]\nbackend = \"script\"\ncommand = [\"{}\"]\n",
        script.display()
    ));
    let long = home.call(["--profile", "long"]);
    let short = home.call(["--profile", "short"]);
    long.run().assert_key("key-1");
    short.run().assert_key("key-1");

    home.state().age("main", 2 * MINUTE);
    long.run().assert_key("key-1");
    short.run().assert_key("key-2");
    long.run().assert_key("key-2");

    assert_eq!(home.runs("main"), 2);
    assert_eq!(home.state().files(".entry").len(), 1);
}

#[test]
fn single_flight_waiter_prints_the_stale_key_at_its_deadline() {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("[ $run = 1 ] || {}\n{KEYS}", breakpoint.command()));
    home.configure(&configuration("", "", &script));
    home.helper().run().assert_key("key-1");
    home.state().age("main", 120 * MINUTE);
    let holder = home.helper().start();
    let held = breakpoint.reached();

    let short = home.call(["get", "--deadline", "300ms"]);
    let words = ["using the key that `main` gave", "another process is still refreshing"];
    short.run().assert_warned("key-1", &words);
    home.state().change("main", |entry| entry.key = None);
    short.run().assert_error(1, &["another process is still refreshing source `main`", "deadline"]);

    held.resume();
    holder.finish().assert_key("key-2");
    assert_eq!(home.runs("main"), 2);
}
