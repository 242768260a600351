//! Sources that fail, with and without a cached key.

use std::time::Duration;

use integration_tests::home::{Home, KEYS};
use integration_tests::wait::until;

const HOUR: Duration = Duration::from_secs(3_600);

/// Returns a script whose first run prints a key, and whose later runs fail with this exit code.
fn once(exit_code: u8) -> String {
    format!("[ $run = 1 ] || {{ echo 'the vault is sealed' >&2; exit {exit_code}; }}\n{KEYS}")
}

/// Returns a home with a key that is two hours old, whose source fails from now on.
fn stale(exit_code: u8) -> Home {
    let home = Home::with_settings("retries = 0", "", &once(exit_code));
    home.helper().run().assert_key("key-1");
    home.state().age("main", 2 * HOUR);
    home
}

#[test]
fn stale_key_is_printed_with_a_warning_while_the_source_is_down() {
    for exit_code in [1, 75] {
        let home = stale(exit_code);
        let words = ["using the key that `main` gave", "the vault is sealed"];
        home.helper().run().assert_warned("key-1", &words);
        assert_eq!(home.state().key("main").as_deref(), Some("key-1"));
        assert_eq!(home.runs("main"), 2);
    }
}

#[test]
fn key_past_its_lifetime_is_not_printed_while_the_source_is_down() {
    let home = Home::with_settings("retries = 0", "lifetime = \"90m\"", &once(75));
    home.helper().run().assert_key("key-1");
    home.state().age("main", 2 * HOUR);
    home.helper().run().assert_error(1, &["the vault is sealed"]);
}

#[test]
fn stale_if_error_over_prints_no_key() {
    let home = Home::with_settings("retries = 0\nstale_if_error = \"30m\"", "", &once(75));
    home.helper().run().assert_key("key-1");
    home.state().age("main", 2 * HOUR);
    home.helper().run().assert_error(1, &["the vault is sealed"]);
}

#[test]
fn misconfigured_source_exits_2_despite_a_stale_key() {
    for exit_code in [78, 126, 127] {
        let home = stale(exit_code);
        home.helper().run().assert_error(2, &["the vault is sealed"]);
        assert_eq!(home.state().key("main").as_deref(), Some("key-1"));
    }
}

#[test]
fn denied_source_exits_4_and_drops_the_cached_key() {
    let home = stale(77);
    home.helper().run().assert_error(4, &["says that access is denied", "the vault is sealed"]);
    assert_eq!(home.state().key("main"), None);
    // It does not come back during the cooldown either.
    home.helper().run().assert_error(4, &["says that access is denied"]);
    assert_eq!(home.runs("main"), 2);
}

#[test]
fn script_exit_codes_map_to_exit_codes_with_its_message() {
    let table = [
        ("exit 1", 1, "failed with exit code 1"),
        ("exit 2", 1, "failed with exit code 2"),
        ("exit 75", 1, "failed with exit code 75"),
        ("exit 77", 4, "says that access is denied (exit code 77)"),
        ("exit 78", 2, "says that it is not set up (exit code 78)"),
        ("exit 126", 2, "could not execute a program (exit code 126)"),
        ("exit 127", 2, "did not find a program (exit code 127)"),
        ("exit 255", 1, "failed with exit code 255"),
        ("kill -9 $$", 1, "was ended by signal 9"),
        ("exit 0", 1, "printed no key"),
    ];
    for (end, exit_code, words) in table {
        let body = format!("echo 'first words' >&2; echo 'ask the help desk' >&2\n{end}");
        let home = Home::with_settings("retries = 0", "", &body);
        let script = home.path().join("main");
        let answer = home.helper().run();
        answer.assert_error(exit_code, &[words, "ask the help desk", &script.to_string_lossy()]);
        assert!(!answer.stderr.contains("first words"), "{answer:?}");
        assert_eq!(home.runs("main"), 1, "{end}");
    }
}

#[test]
fn retries_repeat_transient_failures_only() {
    for (exit_code, runs) in [(75, 3), (77, 1), (78, 1)] {
        let home = Home::with_settings("retries = 2", "", &format!("exit {exit_code}"));
        let answer = home.helper().run();
        assert_ne!(answer.code, Some(0), "{answer:?}");
        assert_eq!(home.runs("main"), runs, "exit code {exit_code}");
    }
    let home = Home::with_settings("retries = 2", "", &format!("[ $run = 3 ] || exit 75\n{KEYS}"));
    home.helper().run().assert_key("key-3");
}

/// Returns a profile whose second source is used when the first is down.
fn two_sources(first: &str, second: &str) -> Home {
    let home = Home::new();
    let [first, second] =
        [("first", first), ("second", second)].map(|(name, body)| home.script(name, body));
    home.configure(&format!(
        "[profile.main]\nsources = [\"first\", \"second\"]\nretries = 0\n\
         [source.first]\nbackend = \"script\"\ncommand = [\"{}\"]\n\
         [source.second]\nbackend = \"script\"\ncommand = [\"{}\"]\n",
        first.display(),
        second.display()
    ));
    home
}

#[test]
fn fallback_source_is_used_when_the_first_is_down_not_when_denied() {
    for (exit_code, serves) in [(75, true), (77, false), (78, false)] {
        let home = two_sources(&format!("exit {exit_code}"), KEYS);
        let answer = home.helper().run();
        if serves {
            answer.assert_key("key-1");
        } else {
            assert_ne!(answer.code, Some(0), "{answer:?}");
        }
        assert_eq!(home.runs("second"), usize::from(serves), "exit code {exit_code}");
    }
}

#[test]
fn background_refresh_returns_to_the_first_source_after_its_cooldown() {
    let home = two_sources("[ $run = 1 ] && exit 75\necho first", "echo second");
    home.helper().run().assert_key("second");
    // During its cooldown, the first is left alone.
    home.helper().run().assert_key("second");
    assert_eq!((home.runs("first"), home.runs("second")), (1, 1));

    home.state().end_pause("first");
    home.helper().run().assert_key("second");
    until("the first source is back", || (home.state().failure("first").is_none()).then_some(()));
    home.helper().run().assert_key("first");
    assert_eq!((home.runs("first"), home.runs("second")), (2, 1));
}

#[test]
fn fallback_error_is_the_first_sources_when_all_are_down() {
    let home = two_sources("echo 'no route' >&2; exit 75", "echo 'no luck' >&2; exit 75");
    home.helper().run().assert_error(1, &["no route"]);
    // During their cooldowns as well.
    home.helper().run().assert_error(1, &["no route"]);
    assert_eq!((home.runs("first"), home.runs("second")), (1, 1));
}
