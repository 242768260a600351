//! Measures how fast a key is printed, compared with the start of any process on the machine, and
//! with other tools. Prints Markdown tables; `docs/internals/performance.md` explains them.
//!
//!     packaging/dist && cargo bench --profile dev -p integration-tests --bench speed -- [--quick] [TABLE]...
//!
//! It measures the programs in the target folder, the release and a plain build. No test depends on
//! the figures: `tests/performance` checks counts.

#![expect(clippy::print_stdout, reason = "the tables are its answer")]
// A failed assumption is a failed benchmark, so the helpers may panic.
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

/// The tables by their names, which are the arguments.
const TABLES: [(&str, Print); 5] = [
    ("hits", hits::print),
    ("crowd", crowd::print),
    ("due", due::print),
    ("cold", cold::print),
    ("today", today::print),
];

/// Measures the programs, and prints a table.
type Print = fn(&Programs, &Rounds);

/// The number of runs of each program.
struct Rounds {
    /// For programs that take less than a millisecond.
    hits: usize,
    /// For crowds.
    crowds: usize,
    /// For programs that ask a server.
    cold: usize,
    /// For other tools, some of which are slow.
    today: usize,
}

impl Rounds {
    const ALL: Self = Self { hits: 3_000, crowds: 9, cold: 150, today: 25 };
    const QUICK: Self = Self { hits: 300, crowds: 3, cold: 25, today: 5 };
}
