//! The cost of a hit, in counts that do not depend on the load of the machine.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod budget;

use integration_tests::binaries::Binaries;
use integration_tests::call::Call;
use integration_tests::home::{Home, KEYS};
use integration_tests::instructions::count;
use integration_tests::strace::trace;

use crate::budget::Budget;

#[test]
fn cache_hit_stays_within_its_instruction_budget() {
    let home = home();
    let (answer, instructions) = count(released(&home), home.path());
    answer.assert_key("key-1");
    Budget::read().assert_holds("instructions", instructions.unwrap());
}

#[test]
fn cache_hit_stays_within_its_system_call_budget() {
    let home = home();
    let (answer, calls) = trace(released(&home), home.path());
    answer.assert_key("key-1");
    Budget::read().assert_holds("system-calls", calls.len() as u64);
}

/// Returns a home in which the next call is a hit.
fn home() -> Home {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    home
}

/// Returns a call of the released front. The size of the environment would change the counts.
fn released(home: &Home) -> Call {
    home.helper().program(Binaries::released_front()).without_env("PATH")
}
