//! A due key: it is printed at once, and a worker is started in the background.

use std::cell::Cell;
use std::time::Duration;

use integration_tests::wait::until;

use crate::Rounds;
use crate::contestant::Contestant;
use crate::programs::Programs;
use crate::race::race;
use crate::table::{Table, micros};
use crate::user::{self, KEY};

/// Longer than a key is fresh, and not longer than it is printed at once.
const DUE: Duration = Duration::from_secs(62 * 60);

pub(crate) fn print(programs: &Programs, rounds: &Rounds) {
    let (fresh, due) = (user::with_script(), user::with_script());
    let hit = user::hit(&fresh, &programs.released);
    let answer = user::hit(&due, &programs.released);
    let refreshes = Cell::new(1);
    let become_due = || {
        let state = due.state();
        until("the last key is there", || (state.log().len() == refreshes.get()).then_some(()));
        state.wait_for_peace("main");
        state.age("main", DUE);
        refreshes.set(refreshes.get() + 1);
    };
    let mut contestants = [
        Contestant::new("a hit", hit).assert_prints(KEY),
        Contestant::new("a due answer", answer).before(become_due).assert_prints(KEY),
    ];
    let times = race(&mut contestants, rounds.cold);
    let title = "A key that is due is printed at once, and a worker is started behind it.";
    let mut table = Table::new(title, &["program", "median, µs", "p99, µs"]);
    for (contestant, times) in contestants.iter().zip(&times) {
        table.row([contestant.name.clone(), micros(times.median()), micros(times.p99())]);
    }
    println!("{table}");
}
