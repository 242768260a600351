//! Failures of a link, with their cost and messages.

use std::time::Duration;

use integration_tests::home::Home;

use crate::user::{PRINTS, TRADES, pair, runs};

/// Longer than any `ttl`.
const STALE: Duration = Duration::from_secs(2 * 3_600);

/// Returns a chain that begins with a login that was not made yet.
fn unsigned() -> Home {
    let home = Home::new();
    let trade = home.script("trade", TRADES);
    home.configure(&format!(
        "[profile.work]\nsources = [\"keys\"]\n\
         [source.keys]\nbackend = \"script\"\ncommand = [\"{}\"]\nstdin = {{ source = \"sso\" }}\n\
         [source.sso]\nbackend = \"oidc\"\nissuer = \"http://127.0.0.1:1\"\nclient_id = \"helper\"\n",
        trade.display()
    ));
    home
}

#[test]
fn inner_source_without_a_sign_in_names_the_login_command() {
    let home = unsigned();
    let no_sign_in = "there is no sign-in for `sso`";
    home.helper().run().assert_error(3, &[no_sign_in, "run `api-key-helper login --source sso`"]);
    // The saved failure has the same command, for a caller with options.
    let config = home.config_file().display().to_string();
    let command =
        format!("run `api-key-helper --config {config} --profile work login --source sso`");
    for _ in 0..2 {
        let call = home.call(["--profile", "work", "--config", &config]);
        call.run().assert_error(3, &[no_sign_in, &command]);
    }
    assert_eq!(home.runs("trade"), 0);
}

#[test]
fn retries_of_an_inner_source_are_not_multiplied() {
    let home = pair("retries = 2\ndeadline = \"20s\"", TRADES, "exit 75");
    let words = ["source `inner`: ", "exit code 75"];
    home.helper().run().assert_error(1, &words);
    assert_eq!(runs(&home, ["outer", "inner"]), [0, 3]);
    // During the cooldown, no source is asked.
    home.helper().run().assert_error(1, &words);
    assert_eq!(runs(&home, ["outer", "inner"]), [0, 3]);
}

#[test]
fn stale_inner_key_is_used_while_the_inner_source_is_down() {
    let home = pair("retries = 0", TRADES, &format!("[ $run = 1 ] || exit 75\n{PRINTS}"));
    home.helper().run().assert_key("outer-1-of-inner-1");
    home.state().age("inner", STALE);
    let answer = home.call(["get", "--refresh"]).run();
    answer
        .assert_warned("outer-2-of-inner-1", &["using the key that `inner` gave", "exit code 75"]);
}

#[test]
fn stale_outer_key_is_printed_while_the_inner_source_is_down() {
    let home = pair("retries = 0", TRADES, &format!("[ $run = 1 ] || exit 75\n{PRINTS}"));
    home.helper().run().assert_key("outer-1-of-inner-1");
    home.state().change("inner", |entry| entry.key = None);
    home.state().age("outer", STALE);
    let words = ["using the key that `outer` gave", "source `inner`: "];
    home.helper().run().assert_warned("outer-1-of-inner-1", &words);
}

#[test]
fn denied_outer_source_refreshes_the_inner_key_once() {
    let old_is_refused =
        format!("read -r key; [ $key = inner-1 ] && exit 77\necho $key | {{ {TRADES}; }}");
    let home = pair("", &old_is_refused, PRINTS);
    // A key that was just fetched is not fetched again.
    home.helper().run().assert_error(4, &["access is denied (exit code 77)"]);
    assert_eq!(runs(&home, ["outer", "inner"]), [1, 1]);
    home.state().end_pause("outer");
    home.helper().run().assert_key("outer-3-of-inner-2");
    assert_eq!(runs(&home, ["outer", "inner"]), [3, 2]);
}

#[test]
fn denied_outer_source_with_a_new_inner_key_exits_4() {
    let home = pair("", "[ $run = 1 ] || exit 77\nread -r key; echo key-of-$key", PRINTS);
    home.helper().run().assert_key("key-of-inner-1");
    home.state().age("outer", STALE);
    home.helper().run().assert_error(4, &["access is denied (exit code 77)"]);
    assert_eq!(runs(&home, ["outer", "inner"]), [3, 2]);
    // The refused key is not printed again; many more calls cost the inner source nothing.
    for _ in 0..3 {
        home.call(["get", "--refresh"]).run().assert_error(4, &["exit code 77"]);
    }
    assert_eq!(home.runs("inner"), 2);
}

#[test]
fn inner_source_is_not_bound_by_the_outer_sources_timeout() {
    let home = Home::new();
    let links = [
        crate::user::Link { name: "outer", settings: "timeout = \"1s\"", body: TRADES },
        crate::user::Link { name: "inner", settings: "", body: "sleep 1.5; echo inner" },
    ];
    crate::user::configure(&home, "retries = 0", &links);
    home.helper().run().assert_key("outer-1-of-inner");
}
