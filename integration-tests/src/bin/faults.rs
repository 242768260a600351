//! Injects faults at every system call, with every backend: `faults [NAME]` runs the scenarios
//! whose names contain NAME. It prints the counts, or panics with all violations.

#![expect(clippy::print_stdout, reason = "the counts are what this is for")]

use integration_tests::faults::possible::every;
use integration_tests::faults::{script, servers, sign_in, sweep};

fn main() {
    let part = std::env::args().nth(1).unwrap_or_default();
    let scenarios = script::SCENARIOS.into_iter().chain(servers::SCENARIOS);
    let scenarios = scenarios.chain([sign_in::RENEWAL]);
    let (mut calls, mut injected) = (0, 0);
    for scenario in scenarios.filter(|scenario| scenario.name.contains(&part)) {
        let counts = sweep(scenario, THREADS, every);
        println!("{counts}");
        calls += counts.calls;
        injected += counts.injected();
    }
    let lost = sign_in::lost();
    println!(
        "{calls} calls, {injected} faults in all; {lost} sign-ins lost with a provider's answer"
    );
}

const THREADS: usize = 2;
