//! Programs of profiles.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use api_key_helper_backend::ErrorKind;
use integration_tests::executables;
use integration_tests::process::Process;
use integration_tests::servers::Stub;
use integration_tests::servers::stub::Reply;
use integration_tests::wait::until;
use serde_json::json;

use crate::common::{KEY, Source};

const ANSWER: &str = r#"echo '{"AccessKeyId":"AKIAMADEUP","SecretAccessKey":"made-up-secret"}'"#;

/// A source of a server that answers every caller.
fn source(variables: &[(&str, &str)]) -> (Source, Stub) {
    let server = Stub::start(|_| Reply::json(200, &json!({ "SecretString": KEY, "ARN": "a" })));
    let ours = [("AWS_ENDPOINT_URL", server.address()), ("AWS_REGION", "us-east-1")];
    let source = Source::new("secret_id = 'plain'\nretries = 0", &[&ours, variables].concat());
    (source, server)
}

/// A program `program` that does `body`.
fn program(source: &Source, body: &str) -> PathBuf {
    let path = source.file("program", "");
    executables::write(&path, format!("#!/bin/sh\n{body}\n"));
    path
}

fn run_by(source: &Source, command: &str) {
    source.file(".aws/config", &format!("[default]\ncredential_process = {command}\n"));
}

/// The process whose id a program wrote into `file`.
fn process_in(source: &Source, file: &str) -> Process {
    let path = source.file("x", "").with_file_name(file);
    let id = until("its id is written", || fs::read_to_string(&path).ok()?.trim().parse().ok());
    Process { id }
}

#[test]
fn credential_process_writable_by_others_is_not_run_however_named() {
    let (mut source, server) = source(&[]);
    let path = program(&source, &format!("echo run >>\"$HOME/runs\"\n{ANSWER}"));
    let path = path.to_str().unwrap();
    for command in [
        "PATH_ --a b",
        "'PATH_'",
        "A=1 'PATH_'",
        "exec PATH_",
        "A=1 exec \"PATH_\" --b",
        "true && PATH_",
        "\"$HOME\"/program",
        "~/program",
    ] {
        run_by(&source, &command.replace("PATH_", path).replace("$HOME", "${HOME}"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
        let error = source.error(ErrorKind::Misconfigured);
        assert!(error.message().contains("is writable by others"), "{command}: {error}");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert_eq!(server.requests().len(), 0);
    run_by(&source, &format!("A=1 exec '{path}'"));
    assert_eq!(source.key(), KEY);
}

#[test]
fn credential_process_timeout_kills_its_children() {
    let (mut source, _server) = source(&[]);
    let folder = source.file("x", "");
    let child = folder.with_file_name("child");
    let path = program(&source, &format!("sleep 600 & echo $! >'{}'\nwait", child.display()));
    run_by(&source, path.to_str().unwrap());
    source.time = Duration::from_millis(1500);
    let error = source.error(ErrorKind::Transient);
    assert!(error.message().contains("did not end in time"), "{error}");
    let child = process_in(&source, "child");
    until("it is killed", || (!child.is_running()).then_some(()));
}

#[test]
fn credential_process_open_stderr_is_not_waited_for() {
    let (mut source, _server) = source(&[]);
    let folder = source.file("x", "");
    let child = folder.with_file_name("child");
    let leave = format!("sleep 600 >/dev/null & echo $! >'{}'\n", child.display());
    for (end, is_key) in [(ANSWER, true), ("echo 'vpn is down' >&2; exit 3", false)] {
        let path = program(&source, &format!("{leave}{end}"));
        run_by(&source, path.to_str().unwrap());
        if is_key {
            assert_eq!(source.key(), KEY);
        } else {
            let error = source.error(ErrorKind::Transient);
            assert!(error.message().ends_with("failed (exit status: 3): vpn is down"), "{error}");
        }
        let child = process_in(&source, "child");
        assert!(child.is_running());
        let id = rustix::process::Pid::from_raw(child.id.cast_signed()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
    }
}
