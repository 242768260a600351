//! How fast a key is printed, beside what the machine needs to start any process at all, and beside
//! what people use today. Prints tables in Markdown; `docs/performance.md` says how to read them.
//!
//!     packaging/dist && cargo bench --profile dev -p integration-tests --bench speed -- [--quick]
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
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let rounds = if is_quick { Rounds::QUICK } else { Rounds::ALL };
    let programs = Programs::find();
    println!("{}", Machine::this());
    hits::print(&programs, &rounds);
    crowd::print(&programs, &rounds);
    due::print(&programs, &rounds);
    cold::print(&programs, &rounds);
    today::print(&programs, &rounds);
}

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
