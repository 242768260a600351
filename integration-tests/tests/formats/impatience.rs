//! Clients that kill a slow helper.

use std::time::Duration;

use integration_tests::breakpoint::Breakpoint;
use integration_tests::home::{Home, KEYS, configuration};
use integration_tests::wait::{now, since, sleep, until};
use rustix::process::Signal;

/// Returns a home whose source waits at the breakpoint in its first run.
fn home_with_breakpoint(settings: &str) -> (Home, Breakpoint) {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("[ $run = 1 ] && {}\n{KEYS}", breakpoint.command()));
    home.configure(&configuration(settings, "", &script));
    (home, breakpoint)
}

/// Asserts that a call in this format, whose source does not answer, ends after this many seconds:
/// not earlier, and well before the default deadline of 30 s, even on a busy machine.
#[track_caller]
fn assert_fails_after(seconds: u64, home: &Home, format: &str, words: &[&str]) {
    let started = now();
    home.call(["--format", format]).run().assert_error(1, words);
    let (took, limit) = (since(started), Duration::from_secs(seconds));
    assert!((limit..limit * 3).contains(&took), "{took:?}");
}

fn wait_for_key(home: &Home) {
    until("the key is there", || (!home.state().files(".entry").is_empty()).then_some(()));
}

#[test]
fn codex_format_fails_before_codexs_own_timeout() {
    let (home, breakpoint) = home_with_breakpoint("");
    assert_fails_after(4, &home, "codex", &["another process is still refreshing source `main`"]);
    // The source continues, and no second request is sent.
    drop(breakpoint.reached());
    wait_for_key(&home);
    home.call(["--format", "codex"]).run().assert_key("key-1");
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn headers_format_fails_before_the_clients_timeout() {
    let (home, breakpoint) = home_with_breakpoint("");
    assert_fails_after(8, &home, "headers", &["source `main`"]);
    drop(breakpoint.reached());
}

#[test]
fn format_deadline_yields_to_a_shorter_one_and_to_the_option() {
    let (home, _gate) = home_with_breakpoint("deadline = \"2s\"");
    let started = now();
    home.call(["--format", "headers"]).run().assert_error(1, &["`timeout`"]);
    assert!(since(started) < Duration::from_secs(8));

    let (home, breakpoint) = home_with_breakpoint("");
    let running = home.call(["get", "--format", "codex", "--deadline", "30s"]).start();
    let held = breakpoint.reached();
    // Half a second longer than Codex's own four.
    sleep(Duration::from_millis(4_500));
    drop(held);
    running.finish().assert_key("key-1");
}

/// The client kills the helper's process group in the middle of a rotation.
#[test]
fn killed_format_call_still_caches_the_fetched_key() {
    for arguments in [["--format", "codex"], ["--format", "headers"]] {
        let (home, breakpoint) = home_with_breakpoint("");
        let running = home.call(arguments).leads_group().start();
        let held = breakpoint.reached();
        running.signal(Signal::KILL);
        assert_eq!(running.finish().signal, Some(Signal::KILL.as_raw()));
        drop(held);
        wait_for_key(&home);
        home.helper().run().assert_key("key-1");
        assert_eq!(home.runs("main"), 1, "{arguments:?}");
    }
}
