//! A clock that jumps by a year. Instead, the files on disk are moved in the other direction.

use std::fs;
use std::time::Duration;

use integration_tests::home::{Home, KEYS};

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Returns a home whose source is down while the file `down` exists.
fn home() -> Home {
    let may_be_down = "[ ! -e \"$HOME/down\" ] || { echo 'no route to host' >&2; exit 75; }";
    Home::with_settings("retries = 0", "", &format!("{may_be_down}\n{KEYS}"))
}

/// Sets the clock back by a year, for all files so far.
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
    // The clock is right again, and the cooldown of a failure in the future is over.
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
    // Later files are judged by the current clock.
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
