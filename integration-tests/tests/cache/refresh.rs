//! `get --refresh`.

use std::time::Duration;

use integration_tests::call::{Running, wait_for_workers};
use integration_tests::home::{Home, KEYS, configuration};

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn get_refresh_replaces_the_cached_key() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    home.call(["get", "--refresh"]).run().assert_key("key-2");
    home.helper().run().assert_key("key-2");
    assert_eq!(home.runs("main"), 2);
}

#[test]
fn get_refresh_of_ten_processes_shares_one_fetch() {
    let home = Home::new();
    let breakpoint = home.breakpoint();
    let script = home.script("main", &format!("[ $run = 2 ] && {}\n{KEYS}", breakpoint.command()));
    home.configure(&configuration("", "", &script));
    home.helper().run().assert_key("key-1");
    let first = home.call(["get", "--refresh"]).start();
    let held = breakpoint.reached();
    // The running fetch started before these calls, so it does not count for them: one of them
    // fetches again for all.
    let others: Vec<Running> = (0..10).map(|_| home.call(["get", "--refresh"]).start()).collect();
    wait_for_workers(&others);
    held.resume();
    first.finish().assert_key("key-2");
    for call in others {
        call.finish().assert_key("key-3");
    }
    assert_eq!(home.runs("main"), 3);
}

#[test]
fn get_refresh_that_fails_prints_the_stale_key_after_an_outage_only() {
    for (exit_code, exits) in [(75, 0), (77, 4), (78, 2)] {
        let body = format!("[ $run = 1 ] || exit {exit_code}\n{KEYS}");
        let home = Home::with_settings("retries = 0", "", &body);
        home.helper().run().assert_key("key-1");
        home.state().age("main", 2 * HOUR);
        let answer = home.call(["get", "--refresh"]).run();
        if exits == 0 {
            answer.assert_warned("key-1", &["using the key", "exit code 75"]);
        } else {
            answer.assert_error(exits, &[&format!("exit code {exit_code}")]);
        }
    }
}
