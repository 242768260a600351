//! The `deadline` and `timeout` of a call end its script.

use std::time::Duration;

use integration_tests::home::{Home, KEYS, configuration};
use integration_tests::wait::{now, since, until};

#[test]
fn deadline_and_timeout_end_the_call_and_its_script() {
    for settings in ["deadline = \"2s\"", "timeout = \"2s\"\nretries = 0"] {
        let home = Home::new();
        let breakpoint = home.breakpoint();
        let script = home.script("main", &breakpoint.command());
        home.configure(&configuration(settings, "", &script));
        // The first call of all builds the programs.
        let call = home.helper();
        let started = now();
        call.run().assert_error(1, ENDED);
        let took = since(started);
        // The default would be 10 s.
        assert!(took < Duration::from_secs(9), "{took:?}");
        assert!(home.processes("main").iter().all(|script| !script.is_running()));
    }
}

/// The error of a source that takes too long. On a busy machine, the engine may report it before
/// the backend.
const ENDED: &[&str] = &["`timeout`"];

#[test]
fn get_deadline_option_overrides_the_profile_for_one_call() {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("[ $run = 1 ] && {}\n{KEYS}", breakpoint.command()));
    home.configure(&configuration("deadline = \"1h\"\nretries = 0", "", &script));
    let call = home.call(["get", "--deadline", "2s"]);
    call.run().assert_error(1, ENDED);
    home.state().end_pause("main");
    home.helper().run().assert_key("key-2");
}

#[test]
fn timeout_kills_a_script_that_ignores_sigterm() {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let wait = format!("trap '' TERM; while :; do {}; done", breakpoint.command());
    let script = home.script("main", &wait);
    home.configure(&configuration("timeout = \"1s\"\nretries = 0", "", &script));
    home.helper().run().assert_error(1, ENDED);
    let [script] = &home.processes("main")[..] else { panic!("not one run") };
    until("the script is ended", || (!script.is_running()).then_some(()));
}
