//! A fault at every system call after the start of `main`.

use std::io::{self, Write as _};

use integration_tests::binaries::Binaries;
use integration_tests::faults::possible::possible;
use integration_tests::faults::script::{CHANGE, COLD, DUE, HIT, REFRESH, STALE};
use integration_tests::faults::{Counts, Fault, Scenario, Target, inject_all, sweep};

#[test]
fn cache_hit_survives_a_fault_at_each_system_call() {
    assert_swept(HIT, 15, 30);
}

#[test]
fn front_to_worker_exec_survives_a_fault_at_each_system_call() {
    assert_swept(CHANGE, 70, 150);
}

#[test]
fn cache_miss_survives_a_fault_at_each_system_call() {
    assert_swept(COLD, 150, 300);
}

#[test]
fn due_hit_survives_a_fault_at_each_system_call() {
    assert_swept(DUE, 35, 80);
}

#[test]
fn background_refresh_survives_a_fault_at_each_system_call() {
    assert_swept(REFRESH, 120, 250);
}

#[test]
fn stale_if_error_fallback_survives_a_fault_at_each_system_call() {
    assert_swept(STALE, 150, 300);
}

#[track_caller]
fn assert_swept(scenario: Scenario, least_calls: usize, least_faults: usize) {
    let counts = sweep(scenario, 2, possible);
    tell(&counts);
    assert!(counts.calls >= least_calls && counts.injected() >= least_faults, "{counts}");
}

/// A child makes the calls between fork and exec, and another thread keeps the deadline.
#[test]
fn child_processes_and_threads_survive_a_fault_at_each_system_call() {
    let worker = Binaries::built().worker.display().to_string();
    let of_child = |name, nth| Target::of_another(name, nth, None);
    let behind = [
        of_child("setsid", 1),
        of_child("dup2", 1),
        of_child("dup2", 2),
        of_child("dup2", 3),
        Target::of_another("execve", 1, Some(&worker)),
    ];
    assert_hit(DUE, &behind);
    let script = [
        of_child("setpgid", 1),
        of_child("chdir", 1),
        of_child("dup2", 1),
        of_child("dup2", 2),
        of_child("dup2", 3),
        of_child("clock_nanosleep", 1),
    ];
    assert_hit(COLD, &script);
}

#[track_caller]
fn assert_hit(scenario: Scenario, targets: &[Target]) {
    let with_faults = |target: &Target| Fault::ALL.map(|fault| (target.clone(), fault));
    let injections: Vec<(Target, Fault)> = targets.iter().flat_map(with_faults).collect();
    let counts = inject_all(scenario, 2, &injections);
    tell(&counts);
    assert_eq!(counts.injected(), injections.len(), "{counts}");
}

/// Writes around the capture of a passing test's output, because the counts should be visible.
fn tell(counts: &Counts) {
    let line = format!("faults: {counts}\n");
    io::stdout().write_all(line.as_bytes()).unwrap();
}
