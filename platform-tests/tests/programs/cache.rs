//! Keys that are printed from the cache.

use std::time::Duration;

use platform_tests::home::{Home, KEYS};

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn fresh_key_is_printed_without_asking_its_source() {
    let home = Home::with_source(KEYS);
    for _ in 0..3 {
        home.helper().run().assert_key("key-1");
    }
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn key_past_its_ttl_is_fetched_again() {
    let home = Home::with_source(KEYS);
    home.helper().run().assert_key("key-1");
    home.state().age("main", 2 * HOUR);
    home.helper().run().assert_key("key-2");
    home.helper().run().assert_key("key-2");
    assert_eq!(home.runs("main"), 2);
}

#[test]
fn get_refresh_replaces_the_key_for_all_callers() {
    let home = Home::with_source(KEYS);
    home.helper().run().assert_key("key-1");
    home.call(["get", "--refresh"]).run().assert_key("key-2");
    home.helper().run().assert_key("key-2");
}

#[test]
fn changed_source_setting_is_a_cache_miss() {
    let home = Home::with_source(KEYS);
    home.helper().run().assert_key("key-1");
    let text = std::fs::read_to_string(home.config_file()).unwrap();
    home.configure(&format!("{text}env = {{ OTHER = \"setting\" }}\n"));
    home.helper().run().assert_key("key-2");
}

#[test]
fn log_has_a_line_for_each_attempt() {
    let home = Home::with_settings("retries = 0", "", "1: exit 75\nprint key");
    home.helper().run().assert_error(1, &["exit code 75"]);
    home.state().end_pause("main");
    home.helper().run().assert_key("key");
    assert_eq!(home.state().log().len(), 2);
    let shown = home.call(["log"]).run();
    assert_eq!(shown.assert_printed().lines().count(), 2, "{shown:?}");
}
