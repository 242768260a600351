//! Findings about the state folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use integration_tests::mounts::{Mounts, give_away};

use crate::setup::{Report, Setup};

const CHECKS: [&str; 7] = [
    "state-folder",
    "state-folder-writable",
    "state-folder-space",
    "state-folder-file-system",
    "cached-entries",
    "entries-set-aside",
    "entries-of-other-versions",
];

#[test]
fn doctor_finds_a_working_state_folder_ok() {
    let setup = Setup::new();
    for _ in 0..2 {
        let report = setup.examine();
        for name in CHECKS {
            report.assert(name, "ok", &[]);
        }
    }
}

#[test]
fn doctor_reports_a_state_folder_open_to_others() {
    let setup = Setup::new();
    setup.examine().assert_well();
    let folder = setup.home.state();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let report = setup.examine();
    report.assert("state-folder", "error", &["open to others (mode 755)", "run `chmod 700"]);
    report.assert("source-answers", "warning", &["no source was asked"]);
    // The configuration is not the cause.
    report.assert_absent("configuration-settings");
    assert_eq!(setup.home.runs("main"), 1);

    setup.home.configure("[profile.main\n");
    let report = setup.examine();
    report.assert("state-folder", "error", &[]);
    report.assert("configuration-settings", "error", &["config.toml:1:"]);
}

#[test]
fn doctor_reports_a_state_folder_of_another_user() {
    let setup = Setup::new();
    setup.examine().assert_well();
    let mounts = give_away(setup.home.state().path());
    let report = Report::of(&mounts.seen_by(setup.call()));
    report.assert("state-folder", "error", &["belongs to user", "XDG_STATE_HOME"]);
}

#[test]
fn doctor_reports_a_read_only_state_folder() {
    let setup = Setup::new();
    setup.examine().assert_well();
    let folder = setup.home.state();
    let folder = folder.path();
    let mounts = Mounts::new().bind(folder, folder).read_only(folder);
    let report = Report::of(&mounts.seen_by(setup.call()));
    report.assert("state-folder", "ok", &[]);
    report.assert("state-folder-writable", "error", &["Read-only file system", "XDG_STATE_HOME"]);
    report.assert("source-answers", "warning", &["the key was not cached"]);
}

#[test]
fn doctor_warns_of_a_state_folder_on_a_full_disk() {
    let setup = Setup::new();
    setup.examine().assert_well();
    let mounts = Mounts::new().empty(setup.home.state().path(), "2m");
    let report = Report::of(&mounts.seen_by(setup.call()));
    report.assert("state-folder-space", "warning", &["MiB of room", "df -h"]);
    // It is in memory, and local.
    report.assert("state-folder-file-system", "ok", &[]);
}

#[test]
fn doctor_warns_of_unreadable_cache_entries() {
    let setup = Setup::new();
    setup.examine().assert_well();
    let state = setup.home.state();
    let entry = state.entry_file("main");
    state.replace(&entry, b"garbage");
    let report = setup.examine();
    report.assert("cached-entries", "warning", &["`main` cannot be read"]);
    report.assert("entries-set-aside", "ok", &[]);
    report.assert("source-answers", "ok", &[]);
    let report = setup.examine();
    report.assert("cached-entries", "ok", &["can be read"]);
    report.assert("entries-set-aside", "warning", &["1 entry was set aside", "*.unreadable"]);

    fs::set_permissions(&entry, Permissions::from_mode(0o644)).unwrap();
    let report = setup.examine();
    report.assert("cached-entries", "error", &["open to others (mode 644)", "run `chmod 600"]);
    report.assert("source-answers", "error", &[]);
}

#[test]
fn doctor_warns_of_cache_entries_of_a_newer_version() {
    let setup = Setup::new();
    setup.examine().assert_well();
    let newer = setup.home.state().path().join("main-0123456789ab-plain.v200.entry");
    fs::write(newer, "").unwrap();
    let report = setup.examine();
    report.assert("entries-of-other-versions", "warning", &["1 entry is", "--version"]);
}
