//! Sources that fail, with and without a cached key.

use std::time::Duration;

use platform_tests::home::{Home, KEYS, array};
use platform_tests::wait::until;

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn script_exit_codes_map_to_exit_codes() {
    let table = [
        (1, 1, "failed with exit code 1"),
        (75, 1, "failed with exit code 75"),
        (77, 4, "says that access is denied (exit code 77)"),
        (78, 2, "says that it is not set up (exit code 78)"),
        (255, 1, "failed with exit code 255"),
    ];
    for (code, exits, words) in table {
        let steps = format!("say first words\nsay ask the help desk\nexit {code}");
        let home = Home::with_settings("retries = 0", "", &steps);
        home.helper().run().assert_error(exits, &[words, "ask the help desk"]);
        assert_eq!(home.runs("main"), 1, "{code}");
    }
}

#[test]
fn stale_key_is_printed_while_the_source_is_down() {
    let home = Home::with_settings("retries = 0", "", &format!("2+: exit 75\n{KEYS}"));
    home.helper().run().assert_key("key-1");
    home.state().age("main", 2 * HOUR);
    let words = ["using the key that `main` gave", "exit code 75"];
    home.helper().run().assert_warned("key-1", &words);
}

#[test]
fn denied_source_exits_4_and_drops_the_cached_key() {
    let home = Home::with_settings("retries = 0", "", &format!("2+: exit 77\n{KEYS}"));
    home.helper().run().assert_key("key-1");
    home.state().age("main", 2 * HOUR);
    home.helper().run().assert_error(4, &["access is denied"]);
    assert_eq!(home.state().key("main"), None);
}

#[test]
fn fallback_source_answers_until_the_first_is_back() {
    let home = Home::new();
    let first = array(&home.program("first", "1: exit 75\nprint first"));
    let second = array(&home.program("second", "print second"));
    home.configure(&format!(
        "[profile.main]\nsources = [\"first\", \"second\"]\nretries = 0\n\
         [source.first]\nbackend = \"script\"\ncommand = {first}\n\
         [source.second]\nbackend = \"script\"\ncommand = {second}\n"
    ));
    home.helper().run().assert_key("second");
    home.state().end_pause("first");
    home.helper().run().assert_key("second");
    until("the first source is back", || home.state().failure("first").is_none().then_some(()));
    home.helper().run().assert_key("first");
    assert_eq!((home.runs("first"), home.runs("second")), (2, 1));
}

#[test]
fn retries_repeat_a_transient_failure() {
    let home = Home::with_settings("retries = 2", "", &format!("1: exit 75\n2: exit 75\n{KEYS}"));
    home.helper().run().assert_key("key-3");
}
