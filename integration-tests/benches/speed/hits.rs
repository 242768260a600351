//! Keys on disk, compared with the floors.

use std::path::Path;

use integration_tests::home::Home;

use crate::Rounds;
use crate::contestant::{Contestant, Link};
use crate::costs::Costs;
use crate::programs::Programs;
use crate::race::{Times, race};
use crate::table::{Table, micros, ratio};
use crate::user::{self, KEY};

pub(crate) fn print(programs: &Programs, rounds: &Rounds) {
    let (little, much) = (user::with_script(), user::with_much(&programs.released));
    let mut contestants = contestants(programs, &little, &much);
    let times = race(&mut contestants, rounds.hits);
    let title = "A key that is on disk. `× floor` is of the floor that is linked the same way.";
    let columns = ["program", "median, µs", "p99, µs", "median × floor", "p99 × floor"];
    let mut table = Table::new(title, &[&columns[..], &Costs::COLUMNS].concat());
    for (contestant, own) in contestants.iter().zip(&times) {
        let floor = contestants
            .iter()
            .position(|other| is_floor(other) && other.link == contestant.link)
            .map(|floor| &times[floor]);
        let ratio = |of: fn(&Times) -> _| {
            floor.map_or_else(|| "-".to_owned(), |floor| ratio(of(own), of(floor)))
        };
        let cells = [
            contestant.name.clone(),
            micros(own.median()),
            micros(own.p99()),
            ratio(Times::median),
            ratio(Times::p99),
        ];
        table.row(cells.into_iter().chain(Costs::of(contestant, programs).cells()));
    }
    println!("{table}");
}

fn contestants(programs: &Programs, little: &Home, much: &Home) -> Vec<Contestant<'static>> {
    let floor_file = user::floor_file(little);
    let floor = |name, program: &Path, link| {
        Contestant::new(name, little.call_of(program).arg(&floor_file))
            .linked(link)
            .assert_prints(KEY)
    };
    let hit = |name: &str, home, front, link| {
        Contestant::new(name, user::hit(home, front)).linked(link).assert_prints(KEY)
    };
    let mut contestants = Vec::new();
    match &programs.static_floor {
        Some(program) => contestants.push(floor(STATIC_FLOOR, program, Link::Static)),
        None => println!("without the static floor: `cc -static` does not link here"),
    }
    contestants.push(floor(DYNAMIC_FLOOR, &programs.dynamic_floor, Link::Dynamic));
    if let Some(musl) = &programs.musl {
        contestants.push(floor(MUSL_FLOOR, &musl.floor, Link::Musl));
    }
    contestants.push(Contestant::new("`/bin/true`", little.call_of(Path::new("/bin/true"))));
    let released = &programs.released;
    contestants.push(hit("a hit", little, released, Link::Static));
    contestants.push(hit("a hit, 50 sources and a log of 1 MiB", much, released, Link::Static));
    match &programs.musl {
        Some(musl) => {
            contestants.push(hit("a hit, musl", little, &musl.front, Link::Musl));
            let name = "a hit, musl, 50 sources and a log of 1 MiB";
            contestants.push(hit(name, much, &musl.front, Link::Musl));
        }
        None => println!(
            "without musl: `.ci/platforms shell packaging/dist x86_64-unknown-linux-musl` was not run"
        ),
    }
    // An early retry of the same request would mean a refused key, so each run requests the headers
    // of another server.
    let client = user::hit(little, released).env("CLAUDE_CODE_ENTRYPOINT", "cli");
    let client = Contestant::new("a hit of Claude Code's, which is recorded", client);
    let client = client.numbered("CLAUDE_CODE_MCP_SERVER_NAME").linked(Link::Static);
    contestants.push(client.assert_prints(KEY));
    let line = format!("exec '{}'", released.display());
    let shell = little.call_of(Path::new("/bin/sh")).arg("-c").arg(line);
    contestants.push(Contestant::new("a hit through `/bin/sh -c`", shell).assert_prints(KEY));
    let plain = &programs.plain;
    contestants.push(hit("a hit of the plain build", little, plain, Link::Dynamic));
    contestants.push(hit("the same, 50 sources and a log of 1 MiB", much, plain, Link::Dynamic));
    contestants
}

const STATIC_FLOOR: &str = "floor in C, static";
const DYNAMIC_FLOOR: &str = "floor in C, dynamic";
const MUSL_FLOOR: &str = "floor in C, musl";

fn is_floor(contestant: &Contestant<'_>) -> bool {
    [STATIC_FLOOR, DYNAMIC_FLOOR, MUSL_FLOOR].contains(&&*contestant.name)
}
