//! Keys that are printed and refreshed in the background.

use std::time::Duration;

use platform_tests::breakpoint::Breakpoint;
use platform_tests::home::Home;
use platform_tests::wait::until;

/// Longer than the `ttl` of an hour, but not by more than `stale_while_revalidate`, with any
/// jitter.
const DUE: Duration = Duration::from_secs(62 * 60);

#[test]
fn due_key_of_the_front_ends_stdout_before_the_background_refresh() {
    let breakpoint = Breakpoint::new();
    let home = Home::with_source(&format!("2: {}\nprint key-{{run}}", breakpoint.wait_step()));
    home.helper().run().assert_key("key-1");
    home.state().age("main", DUE);
    // By the front, and by the worker, which handles formats.
    home.helper().run().assert_key("key-1");
    let mut held = breakpoint.reached();
    home.call(["--format", "json"]).run().assert_printed();
    held.assert_waits();
    assert_eq!(home.state().key("main").as_deref(), Some("key-1"));

    held.resume();
    let is_new = || (home.state().key("main").as_deref() == Some("key-2")).then_some(());
    until("the new key is saved", is_new);
    home.helper().run().assert_key("key-2");
    assert_eq!(home.runs("main"), 2);
}

#[test]
fn due_key_of_the_worker_ends_stdout_before_the_background_refresh() {
    let breakpoint = Breakpoint::new();
    let home = Home::with_source(&format!("2: {}\nprint key-{{run}}", breakpoint.wait_step()));
    home.helper().run().assert_key("key-1");
    home.state().age("main", DUE);
    let answer = home.call(["--format", "headers"]).run();
    assert!(answer.assert_printed().contains("key-1"), "{answer:?}");
    breakpoint.reached().assert_waits();
}
