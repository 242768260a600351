//! `simulate`: runs many seeds, or one of them again.
//!
//! `simulate [--from SEED] [--steps N]` runs seeds from SEED on until N steps are taken; `simulate
//! --seed SEED [--steps N] [--events N]` runs one for N steps, and shows its last events.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::process::ExitCode;

use simulation::{EVENTS, Report, STEPS_OF_A_SEED, run};

/// The default number of steps.
const STEPS: u64 = 20_000_000;
/// The default first seed: after the seeds of the test.
const FROM: u64 = 1_000;

const USAGE: &str = "\
usage: simulate [--from SEED] [--steps N]
       simulate --seed SEED [--steps N] [--events N]
";

fn main() -> ExitCode {
    let Some(options) = options() else {
        let _ = io::stderr().write_all(USAGE.as_bytes());
        return ExitCode::from(2);
    };
    let option = |name: &str, default| options.get(name).copied().unwrap_or(default);
    let (text, is_fine) = match options.get("--seed") {
        Some(seed) => {
            let events = usize::try_from(option("--events", EVENTS as u64)).unwrap_or(usize::MAX);
            let ran = run(*seed, option("--steps", STEPS_OF_A_SEED), events);
            (ran.to_string(), ran.broken.is_none())
        }
        None => {
            let report = Report::of(option("--from", FROM), option("--steps", STEPS));
            (report.to_string(), report.is_fine())
        }
    };
    let _ = io::stdout().write_all(text.as_bytes());
    if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn options() -> Option<BTreeMap<String, u64>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    arguments
        .chunks(2)
        .map(|pair| match pair {
            [name, value] if ["--from", "--seed", "--steps", "--events"].contains(&&**name) => {
                Some((name.clone(), value.parse().ok()?))
            }
            _ => None,
        })
        .collect()
}
