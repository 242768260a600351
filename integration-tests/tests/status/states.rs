//! `status`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use integration_tests::call::Call;
use integration_tests::home::{Home, KEYS};
use integration_tests::terminal::{Streams, Terminal};
use serde_json::{Value, json};

fn json(call: &Call) -> Value {
    serde_json::from_str(call.run().assert_printed()).expect("JSON")
}

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Returns the status of the only source.
fn source(home: &Home) -> Value {
    json(&home.call(["status", "--json"]))["sources"][0].clone()
}

#[test]
fn status_json_has_stable_names() {
    let home = Home::with_settings("retries = 0", "", &format!("[ $run = 1 ] || exit 75\n{KEYS}"));
    let status = json(&home.call(["status", "--json"]));
    let mut expected = [
        "profile",
        "configuration",
        "state_folder",
        "seal",
        "ttl_seconds",
        "hold_seconds",
        "next_call",
        "sources",
    ];
    expected.sort_unstable();
    assert_eq!(names(&status), expected);
    assert_eq!(names(&status["seal"]), ["home", "place", "reason"]);
    assert_eq!(status["profile"], "main");
    assert_eq!(status["configuration"], json!([home.config_file()]));
    assert_eq!(status["next_call"], json!({ "does": "asks", "source": "main", "reason": null }));
    assert_eq!(status["state_folder"], json!(home.state().path()));
    assert_eq!(
        status["sources"][0],
        json!({
            "name": "main", "backend": "script", "key": "none", "fetched_at": null,
            "expires_at": null, "fresh_until": null, "due_until": null, "usable_until": null,
            "refresh": "at-next-call", "has_renewal": false, "sign_in": null, "failure": null,
            "refused_until": null, "uses": [],
        })
    );

    home.helper().run().assert_key("key-1");
    home.state().age("main", Duration::from_secs(7_200));
    home.helper().run().assert_warned("key-1", &["exit code 75"]);
    let source = source(&home);
    assert_eq!(source["key"], "stale");
    assert_eq!(source["refresh"], "after-pause");
    for name in ["fetched_at", "fresh_until", "due_until", "usable_until"] {
        let moment = source[name].as_str().unwrap();
        assert!(moment.ends_with('Z') && moment.contains('T'), "{name}: {moment}");
    }
    let failure = &source["failure"];
    let mut expected = ["kind", "message", "hint", "failed_at", "count", "pauses", "pause_until"];
    expected.sort_unstable();
    assert_eq!(names(failure), expected);
    assert_eq!((&failure["kind"], &failure["count"]), (&json!("transient"), &json!(1)));
    assert_eq!(failure["pauses"], true);
    assert!(failure["pause_until"].as_str().unwrap().ends_with('Z'), "{failure}");
}

#[test]
fn status_shows_fresh_due_stale_and_expired() {
    let home = Home::with_settings("", "lifetime = \"3h\"", KEYS);
    assert_eq!(source(&home)["key"], "none");
    home.helper().run().assert_key("key-1");
    assert_eq!(source(&home)["key"], "fresh");
    for (minutes, key) in [(62, "due"), (58, "stale"), (70, "expired")] {
        home.state().age("main", Duration::from_secs(minutes * 60));
        assert_eq!(source(&home)["key"], key);
    }
    let file = home.state().entry_file("main");
    home.state().replace(&file, b"garbage");
    assert_eq!(source(&home)["key"], "unreadable");
    // `status` changes nothing.
    assert_eq!(fs::read(file).unwrap(), b"garbage");
    assert_eq!(home.runs("main"), 1);
}

/// Returns three sources: the first is down, the second answers, the third was never asked.
fn three_sources() -> Home {
    let home = Home::new();
    let down = home.script("down", "echo 'connection refused' >&2; exit 75");
    let up = home.script("up", KEYS);
    let spare = home.script("spare", KEYS);
    let source = |name: &str, script: &Path| {
        let script = script.display();
        format!("[source.{name}]\nbackend = \"script\"\ncommand = [\"{script}\"]\nretries = 0\n")
    };
    home.configure(&format!(
        "[profile.work]\nsources = [\"vault-eu\", \"vault-us\", \"break-glass\"]\n{}{}lifetime = \"3h\"\n{}",
        source("vault-eu", &down),
        source("vault-us", &up),
        source("break-glass", &spare),
    ));
    home.helper().run().assert_key("key-1");
    home.state().age("vault-us", Duration::from_secs(600));
    // A cooldown that is longer than the test.
    home.state().fail_in_a_row("vault-eu", 6);
    home
}

/// Returns `line` with numbers and the home replaced.
fn generic(line: &str, home: &Path) -> String {
    let line = line.replace(&*home.to_string_lossy(), "/home/ann");
    let words = line.split(' ').map(|word| if word.parse::<u32>().is_ok() { "N" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn status_output_matches_the_documentation() {
    let home = three_sources();
    let answer = home.call(["status"]).run();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands/status.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, block) = page.split_once("```text\n").expect("a block of text");
    let (documented, _) = block.split_once("```").unwrap();
    let generic =
        |text: &str| text.lines().map(|line| generic(line, home.path())).collect::<Vec<_>>();
    let shown = generic(answer.assert_printed());
    assert_eq!(shown, generic(documented), "{}", answer.stdout);
    let found = json(&home.call(["status", "--json"]));
    let failed = &found["sources"][0];
    let all = [&found, &found["next_call"], failed, &failed["failure"]];
    for name in all.into_iter().flat_map(names) {
        assert!(page.contains(&format!("`{name}`")), "{name} is not on the page");
    }
}

#[test]
fn status_of_three_sources_fits_on_one_screen() {
    let home = three_sources();
    let answer = home.call(["status"]).run();
    let rows: usize =
        answer.assert_printed().lines().map(|line| line.chars().count().div_ceil(80).max(1)).sum();
    // The last row is for the shell's prompt.
    assert!(rows < 24, "{rows} rows:\n{}", answer.stdout);
}

#[test]
fn status_colour_is_for_terminals_and_on_request() {
    let home = three_sources();
    let plain = home.call(["status"]).run();
    assert!(!plain.assert_printed().contains('\u{1b}'), "{plain:?}");
    let at_terminal = |call: Call| Terminal::start(&call, Streams::All).finish().stderr;
    let status = || home.call(["status"]);
    let coloured = at_terminal(status());
    assert!(coloured.contains("\u{1b}[32mfresh\u{1b}[0m"), "{coloured:?}");
    assert!(at_terminal(status().env("NO_COLOR", "")).contains('\u{1b}'));
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let shown = at_terminal(status().env(name, value));
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        assert!(shown.contains("  key      fresh, fetched 10 min"), "{shown:?}");
    }
    // JSON has no colours.
    assert!(!at_terminal(home.call(["status", "--json"])).contains('\u{1b}'));
}

#[test]
fn status_explains_fresh_due_stale_and_failed_sources() {
    let home = Home::with_settings(
        "retries = 0\nttl_jitter = \"0%\"",
        "",
        &format!("[ $run = 1 ] || {{ echo 'it is sealed' >&2; exit 75; }}\n{KEYS}"),
    );
    let told = |words: &[&str]| {
        let answer = home.call(["status"]).run();
        for words in words {
            assert!(answer.assert_printed().contains(words), "{words:?}: {}", answer.stdout);
        }
    };
    told(&["the next call asks `main`", "key      none\n", "at the next call, which waits for it"]);
    home.helper().run().assert_key("key-1");
    told(&["prints the key of `main` at once", "key      fresh", "behind the first call then"]);
    home.state().age("main", Duration::from_secs(61 * 60));
    told(&["prints the key of `main` at once", "key      due", "refresh  behind the next call\n"]);
    home.state().age("main", Duration::from_secs(20 * 60));
    told(&["the next call asks `main`", "key      stale", "more while the source is down"]);
    home.helper().run().assert_warned("key-1", &["it is sealed"]);
    home.state().fail_in_a_row("main", 6);
    told(&["prints the key of `main` at once", "s at the earliest: it failed a moment ago\n"]);
    told(&[" s ago, 6 times in a row: ", "it is sealed"]);
    home.state().end_pause("main");
    told(&["the next call asks `main`", "it is sealed"]);
    home.state().age("main", Duration::from_secs(24 * 3_600));
    told(&["the next call asks `main`", "key      expired"]);
    home.helper().run().assert_error(1, &["it is sealed"]);
    home.state().fail_in_a_row("main", 6);
    told(&["the next call fails as the last one of `main` did"]);
}

#[test]
fn status_shows_hold_of_the_caller() {
    let home = Home::with_settings("hold = \"5m\"", "", KEYS);
    let answer = home.call(["status"]).run();
    assert!(
        answer.assert_printed().contains("caller     uses a key for 5 min 0 s\n"),
        "{answer:?}"
    );
}
