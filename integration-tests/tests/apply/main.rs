//! `apply` with each client, as processes.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod claude_code;
mod claude_desktop;
mod codex;
mod mcp;
mod scopes;
mod ttl;
mod undo;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use integration_tests::binaries::Binaries;
use integration_tests::call::Answer;
use integration_tests::home::{Home, KEYS};
use integration_tests::mounts::Mounts;
use serde_json::Value;

/// Returns the user's settings file of Claude Code.
fn settings_file(home: &Home) -> PathBuf {
    home.path().join(".claude/settings.json")
}

/// Returns a user whose keys live long enough for any TTL.
fn user() -> Home {
    Home::with_settings("", "lifetime = \"48h\"", KEYS)
}

fn read(file: &Path) -> Value {
    let text = fs::read_to_string(file).unwrap();
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

/// Runs the line in a settings file as Claude Code runs it.
#[track_caller]
fn run_line(home: &Home, file: &Path) -> Answer {
    let line = read(file)["apiKeyHelper"].as_str().unwrap().to_owned();
    home.helper().program(Path::new("/bin/sh")).args(["-c", &line]).run()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

fn front() -> PathBuf {
    Binaries::built().front.canonicalize().unwrap()
}

/// Returns an empty folder of this user, which is `/etc` for the calls that see the mounts.
fn own_etc(home: &Home) -> (PathBuf, Mounts) {
    let etc = home.path().join("etc");
    fs::create_dir(&etc).unwrap();
    let mounts = Mounts::new().bind(&etc, Path::new("/etc"));
    (etc, mounts)
}
