//! A clock that jumps by a year. What is on the disk is moved the other way, which is the same.

use std::fs;
use std::time::Duration;

use integration_tests::home::{Home, KEYS};

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A source that is down when the file `down` is there.
fn home() -> Home {
    let may_be_down = "[ ! -e \"$HOME/down\" ] || { echo 'no route to host' >&2; exit 75; }";
    Home::with_settings("retries = 0", "", &format!("{may_be_down}\n{KEYS}"))
}

/// Lets the clock go back by a year for everything that was written until now.
fn set_back(home: &Home) {
    home.state().change("main", |entry| {
        entry.validity.fetched_at = entry.validity.fetched_at.plus(YEAR);
        let end = &mut entry.validity.expires_at;
        *end = end.map(|end| end.plus(YEAR));
    });
}

#[test]
fn clock_a_year_ahead_prints_no_key_a_year_old() {
    let home = home();
    home.helper().run().assert_key("key-1");
    home.state().age("main", YEAR);
    let down = home.write("down", "");

    home.helper().run().assert_error(1, &["no route to host"]);
    // Back on time, and the pause of a failure that lies ahead is over.
    fs::remove_file(down).unwrap();
    home.state().move_failure("main", |at| at.plus(YEAR));
    home.helper().run().assert_key("key-3");
    home.helper().run().assert_key("key-3");
    assert_eq!(home.runs("main"), 3);
}

#[test]
fn clock_a_year_back_fetches_and_falls_back_to_the_stale_key() {
    let home = home();
    home.helper().run().assert_key("key-1");
    set_back(&home);
    let down = home.write("down", "");

    home.helper().run().assert_warned("key-1", &["no route to host"]);
    fs::remove_file(down).unwrap();
    home.state().move_failure("main", |at| at.plus(YEAR));
    home.helper().run().assert_key("key-3");
    // What was fetched since then is judged by the clock as it is.
    home.helper().run().assert_key("key-3");
    assert_eq!(home.runs("main"), 3);
}

#[test]
fn clock_jump_and_return_cost_one_fetch_each() {
    let home = home();
    home.helper().run().assert_key("key-1");
    home.state().age("main", YEAR);
    home.helper().run().assert_key("key-2");
    set_back(&home);
    home.helper().run().assert_key("key-3");
    home.helper().run().assert_key("key-3");
    assert_eq!(home.runs("main"), 3);
}
