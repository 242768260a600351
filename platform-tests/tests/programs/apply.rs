//! `apply` writes the command that a client runs, and undoes it.

use std::fs;
use std::path::{Path, PathBuf};

use platform_tests::binaries::Binaries;
use platform_tests::home::{Home, KEYS};
use serde_json::Value;

fn user() -> Home {
    Home::with_settings("", "lifetime = \"48h\"", KEYS)
}

/// Returns the user's settings file of Claude Code.
fn settings_file(home: &Home) -> PathBuf {
    home.path().join(".claude").join("settings.json")
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Asserts that the line in the settings works, run as Claude Code runs it.
#[track_caller]
fn assert_line_runs(home: &Home) {
    let line = read(&settings_file(home))["apiKeyHelper"].as_str().unwrap().to_owned();
    home.shell(&line).run().assert_key("key-1");
}

#[test]
fn apply_writes_a_line_that_runs_in_the_clients_shell() {
    let home = user();
    let answer = home.call(["apply"]).run();
    assert!(answer.assert_printed().contains("Setting applied successfully"), "{answer:?}");
    assert_line_runs(&home);
    let ttl = &read(&settings_file(&home))["env"]["CLAUDE_CODE_API_KEY_HELPER_TTL_MS"];
    assert_eq!(ttl, "3600000");
}

#[test]
fn apply_with_a_profile_writes_a_line_that_runs_from_a_folder_with_spaces() {
    let home = user();
    let programs = Binaries::copy(&home.path().join("Program Files (x86)").join("a&b"));
    let answer = home.call(["--profile", "main", "apply"]).program(&programs.front).run();
    let _ = answer.assert_printed();
    assert_line_runs(&home);
    let line = read(&settings_file(&home))["apiKeyHelper"].to_string();
    assert!(line.contains("Program Files (x86)") && line.contains("main"), "{line}");
}

#[test]
fn apply_writes_the_path_that_leads_to_the_front() {
    let home = user();
    let folder = &Binaries::copy(&home.path().join("bin")).front;
    let path = home.helper().variable("PATH").unwrap().to_owned();
    let folders = [folder.parent().unwrap().to_owned()];
    let path = std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&path)));
    let answer = home.call(["apply"]).program(folder).env("PATH", path.unwrap()).run();
    let _ = answer.assert_printed();
    let line = read(&settings_file(&home))["apiKeyHelper"].as_str().unwrap().to_owned();
    // The plain path, in the usual notation.
    assert!(line.contains(folder.to_str().unwrap()) && !line.contains(r"\\?\"), "{line}");
    assert_line_runs(&home);
}

#[test]
fn apply_undo_restores_every_byte() {
    for text in ["{}", "{\r\n  \"model\": \"opus\",\r\n  \"apiKeyHelper\": \"old\"\r\n}\r\n", ""] {
        let home = user();
        let file = home.write(settings_file(&home), text);
        let _ = home.call(["apply", "--force"]).run().assert_printed();
        assert_line_runs(&home);
        let answer = home.call(["apply", "--undo"]).run();
        assert!(answer.assert_printed().ends_with("is what it was before.\n"), "{answer:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }
}

#[test]
fn apply_undo_removes_the_file_that_apply_made() {
    let home = user();
    let _ = home.call(["apply"]).run().assert_printed();
    let _ = home.call(["apply", "--undo"]).run().assert_printed();
    assert!(!home.path().join(".claude").exists());
}
