//! The cache, as processes: hits, refreshes, outages, and a state folder that is damaged or full.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod deadline;
mod due;
mod fallback;
mod handover;
mod hit;
mod housekeeping;
mod outage;
mod refresh;
mod sealing_key;
mod single_flight;
mod source_change;
mod state_folder;
