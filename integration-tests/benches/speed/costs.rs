//! The cost of one run, in counts.

use std::fs;
use std::path::Path;

use integration_tests::strace::trace;
use integration_tests::{install, instructions};

use crate::contestant::Contestant;
use crate::programs::Programs;

/// The counts of one run; `None` without the tool that counts.
pub(crate) struct Costs {
    /// In KiB.
    memory: Option<u64>,
    faults: Option<u64>,
    system_calls: Option<u64>,
    instructions: Option<u64>,
}

impl Costs {
    pub(crate) const COLUMNS: [&str; 4] =
        ["peak memory, KiB", "page faults", "system calls", "instructions"];

    pub(crate) fn of(contestant: &Contestant<'_>, programs: &Programs) -> Self {
        let folder = programs.folder.path();
        let memory = programs.memory.as_ref().map(|program| memory(contestant, program, folder));
        let system_calls =
            install::is_there("strace").then(|| trace(contestant.call(), folder).1.len() as u64);
        let instructions = install::is_there("valgrind")
            .then(|| instructions::count(contestant.call(), folder).1)
            .flatten();
        let (memory, faults) = memory.unzip();
        Self { memory, faults, system_calls, instructions }
    }

    pub(crate) fn cells(&self) -> [String; 4] {
        [self.memory, self.faults, self.system_calls, self.instructions]
            .map(|count| count.map_or_else(|| "-".to_owned(), |count| count.to_string()))
    }
}

/// Returns the peak memory and the page faults.
fn memory(contestant: &Contestant<'_>, program: &Path, folder: &Path) -> (u64, u64) {
    let file = folder.join("memory.out");
    let answer = contestant.call().under([program, file.as_path()]).run();
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let text = fs::read_to_string(file).expect("what was measured");
    let (memory, faults) = text.trim().split_once(' ').expect("two numbers");
    (memory.parse().expect("KiB"), faults.parse().expect("a number"))
}
