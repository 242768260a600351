//! A thousand concurrent calls.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use integration_tests::call::Call;
use integration_tests::wait::{now, since};

use crate::Rounds;
use crate::programs::Programs;
use crate::race::Times;
use crate::table::{Table, millis, ratio};
use crate::user::{self, KEY};

const CROWD: usize = 1_000;

pub(crate) fn print(programs: &Programs, rounds: &Rounds) {
    let home = user::with_script();
    let (floor, front, kind) = match &programs.static_floor {
        Some(floor) => (floor, &programs.released, "static"),
        None => (&programs.dynamic_floor, &programs.plain, "dynamic"),
    };
    let floor = home.call_of(floor).arg(user::floor_file(&home));
    let hit = user::hit(&home, front);
    let output = programs.folder.path().join("crowd.out");
    let (floors, hits): (Vec<_>, Vec<_>) =
        (0..rounds.crowds).map(|_| (at_once(&floor, &output), at_once(&hit, &output))).unzip();
    let [floors, hits] = [floors, hits].map(Times::from_iter);
    let mut table = Table::new(
        "1,000 at once, each of which prints the whole key: from the first one's start to the last \
         one's end.",
        &["program", "median, ms", "× floor"],
    );
    for (name, times) in [("floors in C", &floors), ("hits", &hits)] {
        let median = times.median();
        table.row([format!("{name}, {kind}"), millis(median), ratio(median, floors.median())]);
    }
    println!("{table}");
}

/// Starts all calls, and then waits for all. Panics if one prints another key or a part of it.
fn at_once(call: &Call, output: &Path) -> Duration {
    fs::write(output, "").expect("an empty file");
    let file = File::options().append(true).open(output).expect("the file");
    let mut command = call.command();
    command.stdin(Stdio::null()).stdout(file).stderr(Stdio::null());
    let started = now();
    let children: Vec<Child> = (0..CROWD).map(|_| command.spawn().expect("a process")).collect();
    let ended = children.into_iter().map(|mut child| child.wait().expect("its end"));
    let succeeded = ended.filter(ExitStatus::success).count();
    let time = since(started);
    assert_eq!(succeeded, CROWD);
    let printed = fs::read_to_string(output).expect("what they printed");
    assert_eq!(printed, KEY.repeat(CROWD));
    time
}
