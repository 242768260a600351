//! Each link of a chain is a separate source.

use std::time::Duration;

use integration_tests::call::{Running, wait_for_workers};
use integration_tests::home::Home;
use integration_tests::wait::until;
use rustix::process::Signal;

use crate::user::{Link, PRINTS, TRADES, home_of, pair, runs};

const LINKS: [&str; 3] = ["top", "middle", "bottom"];
/// Longer than any `ttl`.
const STALE: Duration = Duration::from_secs(2 * 3_600);

/// Returns three links, the last of which waits at the breakpoint in its first run.
fn three(body: &str) -> Home {
    let [top, middle, bottom] = LINKS;
    home_of(
        "deadline = \"2m\"\ntimeout = \"2m\"",
        &[
            Link { name: top, settings: "", body: TRADES },
            Link { name: middle, settings: "", body: TRADES },
            Link { name: bottom, settings: "", body },
        ],
    )
}

#[test]
fn chained_source_is_fetched_when_its_own_key_expires() {
    let home = three(PRINTS);
    home.helper().run().assert_key("top-1-of-middle-1-of-bottom-1");
    home.helper().run().assert_key("top-1-of-middle-1-of-bottom-1");
    assert_eq!(runs(&home, LINKS), [1, 1, 1]);

    home.state().age("top", STALE);
    home.helper().run().assert_key("top-2-of-middle-1-of-bottom-1");
    home.state().age("middle", STALE);
    // The first one's key is fresh, so its inputs are not asked for.
    home.helper().run().assert_key("top-2-of-middle-1-of-bottom-1");
    home.call(["get", "--refresh"]).run().assert_key("top-3-of-middle-2-of-bottom-1");
    assert_eq!(runs(&home, LINKS), [3, 2, 1]);

    let log = home.state().log();
    let sources: Vec<&str> = log.iter().map(|line| line["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["bottom", "middle", "top", "top", "middle", "top"]);
}

#[test]
fn profile_ttl_does_not_apply_to_inner_sources() {
    let home = pair("ttl = \"0s\"", TRADES, PRINTS);
    for run in 1..4 {
        home.helper().run().assert_key(&format!("outer-{run}-of-inner-1"));
    }
    assert_eq!(runs(&home, ["outer", "inner"]), [3, 1]);
}

#[test]
fn single_flight_hundred_cold_processes_fetch_each_chained_source_once() {
    let home = three("");
    let breakpoint = home.breakpoint();
    let _ = home.script("bottom", &format!("[ $run = 1 ] && {}\n{PRINTS}", breakpoint.command()));
    let calls: Vec<Running> = (0..100).map(|_| home.helper().start()).collect();
    let held = breakpoint.reached();
    wait_for_workers(&calls);
    held.resume();

    for call in calls {
        call.finish().assert_key("top-1-of-middle-1-of-bottom-1");
    }
    assert_eq!(runs(&home, LINKS), [1, 1, 1]);
    assert_eq!(home.state().log().len(), 3);
}

#[test]
fn single_flight_takes_over_when_the_lock_holder_is_killed_in_a_chain() {
    let home = three("");
    let breakpoint = home.breakpoint();
    let _ = home.script("bottom", &format!("[ $run = 1 ] && {}\n{PRINTS}", breakpoint.command()));
    let holder = home.helper().start();
    let held = breakpoint.reached();
    let waiting: Vec<Running> = (0..5).map(|_| home.helper().start()).collect();
    wait_for_workers(&waiting);
    assert_eq!(runs(&home, LINKS), [0, 0, 1]);

    holder.signal(Signal::KILL);
    until("another one asks", || (home.runs("bottom") == 2).then_some(()));
    for call in waiting {
        call.finish().assert_key("top-1-of-middle-1-of-bottom-2");
    }
    assert_eq!(holder.finish().signal, Some(Signal::KILL.as_raw()));
    held.resume();
    assert_eq!(runs(&home, LINKS), [1, 1, 2]);
}

#[test]
fn two_sources_share_the_key_of_one_inner_source() {
    let home = pair("", TRADES, PRINTS);
    let other = home.script("other", TRADES);
    let text = std::fs::read_to_string(home.config_file()).unwrap();
    home.configure(&format!(
        "default_profile = \"main\"\n{text}\n[profile.other]\nsources = [\"other\"]\n\
         [source.other]\nbackend = \"script\"\ncommand = [\"{}\"]\nstdin = {{ source = \"inner\" }}\n",
        other.display()
    ));
    home.helper().run().assert_key("outer-1-of-inner-1");
    home.call(["--profile", "other"]).run().assert_key("other-1-of-inner-1");
    assert_eq!(home.runs("inner"), 1);
}

#[test]
fn environment_of_an_inner_source_selects_the_entry() {
    let links = [
        Link { name: "outer", settings: "", body: TRADES },
        Link {
            name: "inner",
            settings: "stdin = { env = \"INNER_TOKEN\" }",
            body: "read -r token; echo \"inner-$run-$token\"",
        },
    ];
    let home = home_of("", &links);
    let call = |token: &str| home.helper().env("INNER_TOKEN", token);
    call("a").run().assert_key("outer-1-of-inner-1-a");
    call("a").run().assert_key("outer-1-of-inner-1-a");
    call("b").run().assert_key("outer-2-of-inner-2-b");
    assert_eq!(runs(&home, ["outer", "inner"]), [2, 2]);
}

#[test]
fn changed_inner_source_settings_are_a_cache_miss() {
    let home = pair("", TRADES, PRINTS);
    home.helper().run().assert_key("outer-1-of-inner-1");
    let text = std::fs::read_to_string(home.config_file()).unwrap();
    let changed = text.replace("[source.inner]\n", "[source.inner]\nenv = { STAGE = \"test\" }\n");
    home.configure(&changed);
    home.helper().run().assert_key("outer-2-of-inner-2");
    let slower = text.replace("[source.inner]\n", "[source.inner]\ntimeout = \"9s\"\n");
    home.configure(&slower);
    home.helper().run().assert_key("outer-1-of-inner-1");
}

#[test]
fn inner_source_program_asking_for_the_outer_key_is_a_loop() {
    let home = Home::new();
    let front = integration_tests::binaries::Binaries::built().front.display().to_string();
    let ask = format!("'{front}' 2>\"$HOME/said\"; exit 78");
    let links = [
        Link { name: "outer", settings: "", body: TRADES },
        Link { name: "inner", settings: "", body: &ask },
    ];
    crate::user::configure(&home, "", &links);
    home.helper().run().assert_error(2, &["source `inner`", "exit code 78"]);
    let said = std::fs::read_to_string(home.path().join("said")).unwrap();
    assert!(said.contains("`outer` is asked for by a program that it runs itself"), "{said}");
    assert!(said.contains("(outer -> inner)"), "{said}");
}
