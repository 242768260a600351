//! How fast a key is printed, beside what the machine needs to start any process at all, and beside
//! what people use today. Prints tables in Markdown; `docs/internals/performance.md` says how to read them.
//!
//!     packaging/dist && cargo bench --profile dev -p integration-tests --bench speed -- [--quick] [TABLE]...
//!
//! It measures the programs in the target folder, release and plain build. Nothing depends on the
//! figures: what a test can hold to is counted in `tests/performance`.

#![expect(clippy::print_stdout, reason = "the tables are its answer")]
// What a benchmark stands on may panic: that is how it fails.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod c;
mod cold;
mod contestant;
mod costs;
mod crowd;
mod due;
mod hits;
mod machine;
mod programs;
mod race;
mod table;
mod today;
mod user;

use crate::machine::Machine;
use crate::programs::Programs;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let rounds = if is_quick { Rounds::QUICK } else { Rounds::ALL };
    let wanted: Vec<&String> = arguments.iter().filter(|name| !name.starts_with("--")).collect();
    let programs = Programs::find();
    println!("{}", Machine::this());
    for (name, print) in TABLES {
        if wanted.is_empty() || wanted.iter().any(|wanted| *wanted == name) {
            print(&programs, &rounds);
        }
    }
}

/// The tables by their names: `cold` alone measures that.
const TABLES: [(&str, Print); 5] = [
    ("hits", hits::print),
    ("crowd", crowd::print),
    ("due", due::print),
    ("cold", cold::print),
    ("today", today::print),
];

/// Measures the programs, and prints what comes of it.
type Print = fn(&Programs, &Rounds);

/// How often each program runs.
struct Rounds {
    /// What takes less than a millisecond.
    hits: usize,
    /// Many at once.
    crowds: usize,
    /// What asks a server.
    cold: usize,
    /// What people use today, some of it slow.
    today: usize,
}

impl Rounds {
    const ALL: Self = Self { hits: 3_000, crowds: 9, cold: 150, today: 25 };
    const QUICK: Self = Self { hits: 300, crowds: 3, cold: 25, today: 5 };
}
