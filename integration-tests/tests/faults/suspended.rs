//! A machine that sleeps during a call. `SIGSTOP` is worse, because the clock continues.

use std::time::Duration;

use integration_tests::breakpoint::Breakpoint;
use integration_tests::call::Running;
use integration_tests::home::{Home, KEYS, configuration};
use integration_tests::wait::{now, since, sleep, until};
use rustix::process::Signal;

const DEADLINE: Duration = Duration::from_secs(2);

/// Returns a home whose source waits at the breakpoint in its second run.
fn home() -> (Home, Breakpoint) {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("[ $run != 2 ] || {}\n{KEYS}", breakpoint.command()));
    home.configure(&configuration("retries = 0\ndeadline = \"2s\"", "", &script));
    (home, breakpoint)
}

fn stop(call: &Running) {
    call.signal(Signal::STOP);
    until("it stands still", || call.process().is_stopped().then_some(()));
}

#[test]
fn suspended_call_past_its_deadline_ends_with_its_script() {
    let (home, breakpoint) = home();
    home.helper().run().assert_key("key-1");
    home.state().age("main", Duration::from_secs(2 * 60 * 60));
    let call = home.helper().start();
    let held = breakpoint.reached();
    stop(&call);
    sleep(2 * DEADLINE);

    call.signal(Signal::CONT);
    let woke = now();
    let answer = call.finish();

    assert!(since(woke) < DEADLINE, "{answer:?}");
    answer.assert_warned("key-1", &["using the key that `main` gave", "did not answer within"]);
    let script = home.processes("main")[1];
    until("its script has ended", || (!script.is_running()).then_some(()));
    drop(held);
    home.state().end_pauses();
    home.helper().run().assert_key("key-3");
    home.helper().run().assert_key("key-3");
}

#[test]
fn suspended_lock_holder_does_not_block_other_calls() {
    let (home, breakpoint) = home();
    home.helper().run().assert_key("key-1");
    home.state().age("main", Duration::from_secs(2 * 60 * 60));
    let sleeper = home.helper().start();
    let held = breakpoint.reached();
    stop(&sleeper);

    let started = now();
    let words = ["using the key that `main` gave", "another process is still refreshing"];
    home.helper().run().assert_warned("key-1", &words);
    assert!(since(started) < DEADLINE + Duration::from_secs(5), "{:?}", since(started));

    // Whatever the suspended process does, it releases the lock.
    held.resume();
    sleeper.signal(Signal::CONT);
    let answer = sleeper.finish();
    assert_eq!(answer.code, Some(0), "{answer:?}");
    home.state().end_pauses();
    let key = home.helper().run().key();
    home.helper().run().assert_key(&key);
}
