//! Runs the soak for some seconds: it works, and finds no violation at once.

use std::process::{Command, Stdio};

use integration_tests::executables;

#[test]
fn short_soak_of_all_backends_finds_no_fault() {
    let mut soak = Command::new(env!("CARGO_BIN_EXE_soak"));
    soak.args(["--seconds", "6"]).stdin(Stdio::null());
    let soak = executables::start(soak.stdout(Stdio::piped()).stderr(Stdio::piped())).unwrap();
    let output = soak.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    for name in ["script: ", "vault: ", "aws: ", "oidc: ", "wrong: 0"] {
        assert!(said.lines().any(|line| line.starts_with(name)), "{said}");
    }
}
