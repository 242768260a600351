//! A program with a company's own backend, built as the manual describes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use integration_tests::home::Home;

#[test]
fn company_backend_front_prints_keys_of_its_own_and_of_script() {
    let front = build();
    let home = Home::new();
    home.write("keys/platform", "sk-of-the-platform-team\n");
    let init = |backend: &str, setting: String| {
        let folder = format!("folder={}", home.path().join("keys").display());
        let extra = if backend == "company" { &*folder } else { "retries=1" };
        let arguments = ["init", "--backend", backend, "--set", &setting, "--set", extra];
        home.call_of(&front).args(arguments).run().assert_printed();
    };
    init("company", "team=platform".to_owned());
    home.call_of(&front).run().assert_key("sk-of-the-platform-team");
    // The second call is a hit: the front prints it without the worker.
    home.write("keys/platform", "sk-of-later\n");
    home.call_of(&front).run().assert_key("sk-of-the-platform-team");

    fs::remove_file(home.config_file()).unwrap();
    init("script", format!("command={:?}", [home.script("key", "echo sk-of-the-script")]));
    home.call_of(&front).run().assert_key("sk-of-the-script");
}

#[test]
fn company_backend_commands_know_only_its_backends() {
    let front = build();
    let home = Home::new();
    home.configure("[profile.default]\nsources = ['s']\n[source.s]\nbackend = 'vault'\n");
    let expected = ["there is no backend `vault`", "this program has `company`, `script`"];
    home.call_of(&front).run().assert_error(2, &expected);
    home.configure(
        "[profile.default]\nsources = ['s']\n[source.s]\nbackend = 'company'\nteam = 'A/B'\n",
    );
    let expected = ["config.toml:5:1: `source.s.team`", "`A/B` is not the name of a team"];
    home.call_of(&front).run().assert_error(2, &expected);
    fs::remove_file(home.config_file()).unwrap();
    let call = home.call_of(&front).args(["init", "--backend", "aws"]);
    call.run().assert_error(2, &["it can be `company`, `script`"]);
    // `init` proposes the first backend.
    home.call_of(&front).args(["init"]).run().assert_printed();
    let written = fs::read_to_string(home.config_file()).unwrap();
    assert!(written.contains("backend = \"company\"\n\n# The team whose key it is"), "{written}");
}

/// Builds the front, with the worker beside it. Nothing is downloaded: it has the workspace's
/// versions.
fn build() -> PathBuf {
    static BUILDING: Mutex<()> = Mutex::new(());
    let _building = BUILDING.lock();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let package = root.join("examples/company-backend");
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    // The running test is `TARGET/PROFILE/deps/NAME`. The workspace's compiled crates are reused,
    // but the programs, whose names are those under test, go to a separate folder.
    let test = std::env::current_exe().unwrap();
    let shared = test.ancestors().nth(3).unwrap();
    let target = shared.join("company-backend");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--bins"]).current_dir(&package);
    cargo.env("CARGO_BUILD_BUILD_DIR", shared).env("CARGO_TARGET_DIR", &target);
    let output = cargo.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target.join("debug/api-key-helper")
}
