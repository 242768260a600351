//! Findings about the configuration and the programs.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use integration_tests::binaries::Binaries;
use integration_tests::executables;
use integration_tests::home::Home;

use crate::setup::{Report, Setup};

#[test]
fn doctor_finds_a_working_configuration_ok() {
    let setup = Setup::new();
    let report = setup.examine();
    report.assert_well();
    for name in
        ["configuration-file", "configuration-settings", "source-settings", "front", "worker"]
    {
        report.assert(name, "ok", &[]);
    }
    // The second run finds a cache, and a log.
    setup.examine().assert_well();
}

#[test]
fn doctor_without_a_configuration_runs_the_other_checks() {
    let setup = Setup::of(Home::new());
    let report = setup.examine();
    report.assert("configuration-file", "error", &["there is no configuration", "init`"]);
    report.assert("source-answers", "warning", &["no source was asked"]);
    report.assert("state-folder", "ok", &[]);
    report.assert("helper-setting", "ok", &[]);
    // The helper fails for the same reason, and reports it.
    report.assert("helper-run", "error", &["exit status: 2", "there is no configuration", "init`"]);
    report.assert_only(&["configuration-file", "source-answers", "helper-run"]);
}

#[test]
fn doctor_without_home_variable_runs_the_other_checks() {
    let report = Report::of(&Setup::new().call().without_env("HOME"));
    report.assert("configuration-file", "error", &["`XDG_CONFIG_HOME` nor `HOME` is set"]);
    report.assert("front", "ok", &[]);
    report.assert("api-key-variable", "ok", &[]);
}

#[test]
fn doctor_reports_a_configuration_writable_by_others() {
    let setup = Setup::new();
    let file = setup.home.config_file();
    fs::set_permissions(&file, Permissions::from_mode(0o606)).unwrap();
    let report = setup.examine();
    report.assert("configuration-file", "error", &["mode is 0606", "run `chmod o-w"]);
    // Each check that refuses it reports it once.
    report.assert_absent("configuration-settings");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let folder = file.parent().unwrap();
    fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
    setup.examine().assert("configuration-file", "error", &["the folder", "run `chmod"]);
}

#[test]
fn doctor_reports_a_configuration_with_invalid_toml() {
    let setup = Setup::new();
    setup.home.configure("[profile.main\n");
    let report = setup.examine();
    report.assert("configuration-file", "ok", &[]);
    report.assert("configuration-settings", "error", &["config.toml:1:"]);
    report.assert_only(&["configuration-settings", "source-answers", "helper-run"]);
    report.assert("helper-copy", "ok", &[]);
}

#[test]
fn doctor_reports_a_locked_setting_that_the_user_sets() {
    let setup = Setup::with_settings("ttl = \"5m\"", "lifetime = \"1h\"", "echo key");
    let system = "locked = [\"profile.main.ttl\"]\n[profile.main]\nttl = \"10m\"\n";
    let mounts = setup.in_etc("/etc/api-key-helper/config.toml", system);
    let report = Report::of(&mounts.seen_by(setup.call()));
    report.assert("configuration-settings", "error", &["profile.main.ttl", "is locked by"]);
}

#[test]
fn doctor_reports_an_unknown_backend_and_asks_the_other_sources() {
    let setup = Setup::new();
    let text = fs::read_to_string(setup.home.config_file()).unwrap();
    let text = text.replace("[\"main\"]", "[\"lost\", \"main\"]");
    setup.home.configure(&format!("{text}\n[source.lost]\nbackend = \"lost\"\n"));
    let report = setup.examine();
    report.assert("source-settings", "error", &["there is no backend `lost`", "this program has"]);
    report.assert("source-answers", "ok", &["`main` gave a key"]);
}

#[test]
fn doctor_warns_of_vault_skip_verify() {
    let home = Home::new();
    home.configure(
        "[profile.main]\nsources = [\"v\"]\nretries = 0\n[source.v]\nbackend = \"vault\"\n\
         address = \"https://127.0.0.1:1\"\npath = \"a\"\n",
    );
    let setup = Setup::of(home);
    let call = setup.call().env("VAULT_SKIP_VERIFY", "true").env("VAULT_TOKEN", "t");
    Report::of(&call).assert("source-settings", "warning", &["VAULT_SKIP_VERIFY"]);
}

#[test]
fn doctor_reports_a_worker_without_its_front() {
    let setup = Setup::new();
    let folder = setup.home.path().join("bin");
    fs::create_dir(&folder).unwrap();
    let copy = Binaries::copy(&folder);
    fs::remove_file(&copy.front).unwrap();
    let call = setup.call().program(&copy.worker);
    Report::of(&call).assert("front", "error", &["there is no `api-key-helper`", "install"]);
    executables::write(&copy.front, "#!/bin/sh\necho api-key-helper 9.9.9\n");
    let report = Report::of(&call);
    report.assert("front", "error", &["another version than its worker", "install"]);
    fs::set_permissions(&copy.worker, Permissions::from_mode(0o777)).unwrap();
    Report::of(&call).assert("worker", "error", &["writable by others"]);
}
