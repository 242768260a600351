//! Runs the real engine and policy in a virtual world, from one seed.
//!
//! `docs/reliability.md` describes the faults of that world, and the invariants that must hold.

mod backend;
mod callers;
mod chance;
mod clock;
mod disk;
mod disk_access;
mod disk_weather;
pub mod fleet;
mod happenings;
mod invariants;
mod issuer;
mod process;
mod profile;
mod renewal;
mod report;
mod run;
mod scenario;
mod scheduler;
mod seal;
mod trace;
mod universe;

pub use invariants::Broken;
pub use report::{EVENTS, Report, STEPS_OF_A_SEED};
pub use run::{Ran, run};
