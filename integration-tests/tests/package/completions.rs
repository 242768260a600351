//! Completions in their shells.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use integration_tests::binaries::Binaries;
use integration_tests::call::Call;
use integration_tests::home::{Home, search_path_from};
use integration_tests::install;
use integration_tests::terminal::{Streams, Terminal};
use integration_tests::wait::until;

#[test]
fn bash_completions_work_at_a_terminal() {
    let home = Home::new();
    let script = written(&home, "bash", "api-key-helper.bash");
    let call = shell(&home, "bash").args(["--norc", "--noprofile", "-i"]);
    let ready = format!("source '{}'; PS1='ready: '; clear", script.display());
    completes(&call, &ready);
}

#[test]
fn zsh_completions_work_at_a_terminal() {
    let _ = install::debian("zsh", &["zsh"]);
    let home = Home::new();
    // The folder from which zsh loads functions by name.
    let script = written(&home, "zsh", "functions/_api-key-helper");
    let folder = script.parent().unwrap().display();
    let call = shell(&home, "zsh").args(["-f", "-i"]);
    let ready = format!(
        "fpath=('{folder}' $fpath); autoload -U compinit; compinit -u; PS1='ready: '; clear"
    );
    completes(&call, &ready);
}

#[test]
fn fish_completions_list_commands_and_options() {
    let _ = install::debian("fish", &["fish"]);
    let home = Home::new();
    let folder = written(&home, "fish", "fish/api-key-helper.fish");
    let folder = folder.parent().unwrap().display();
    let candidates = |line: &str| {
        let script = format!("set fish_complete_path '{folder}'; complete --do-complete '{line}'");
        shell(&home, "fish").args(["--no-config", "-c", &script]).run().assert_printed().to_owned()
    };
    assert!(candidates("api-key-helper st").starts_with("status\t"));
    assert!(candidates("api-key-helper get --refr").starts_with("--refresh\t"));
    assert!(candidates("api-key-helper init --backend v").starts_with("vault"));
}

#[test]
fn powershell_completions_are_printed() {
    // Debian has no PowerShell, so this script is not tested in its shell.
    let script = Home::new().call(["completions", "powershell"]).run();
    let script = script.assert_printed();
    assert!(script.contains("Register-ArgumentCompleter -Native -CommandName 'api-key-helper'"));
    assert!(script.contains("'status'"));
}

#[test]
fn completions_leave_out_hidden_options() {
    for name in ["bash", "zsh", "fish", "powershell"] {
        let script = Home::new().call(["completions", name]).run();
        // The option of `get` in fish's syntax, and in its list of options.
        let script = script.assert_printed().replace("-l refresh", "");
        let script = script.replace("cargo-plugin refresh deadline=", "");
        let mut words = script.split(|c: char| !c.is_alphanumeric() && c != '-');
        assert!(!words.any(|word| word == "refresh"), "{name}");
    }
    Home::new().call(["completions", "cmd"]).run().assert_error(2, &["`cmd`", "`fish`"]);
}

/// Waits until the shell is ready, types a part of a word, and presses Tab.
#[track_caller]
fn completes(call: &Call, ready: &str) {
    let mut shell = Terminal::start(call, Streams::All);
    shell.press(&format!("{ready}\n"));
    let shows = |shell: &Terminal, end: &str| {
        until(&format!("{end:?} is the end of what is on the screen"), || {
            screen(&shell.sent()).trim_end().ends_with(end).then_some(())
        });
    };
    shows(&shell, "ready:");
    for (typed, completed) in [
        ("api-key-helper st\t", "ready: api-key-helper status"),
        ("--js\t", "ready: api-key-helper status --json"),
    ] {
        shell.press(typed);
        shows(&shell, completed);
    }
}

fn screen(sent: &[u8]) -> String {
    let [rows, columns] = [24, 80].map(|number| NonZero::new(number).unwrap());
    let mut screen = vt100::Parser::new(rows, columns, 0);
    screen.process(sent);
    screen.screen().contents()
}

/// Writes the completions of a shell into a file of that name.
fn written(home: &Home, shell: &str, name: &str) -> PathBuf {
    let script = home.call(["completions", shell]).run();
    home.write(name, script.assert_printed())
}

/// Returns a shell with the helper in its `PATH`: fish completes only programs that it finds.
fn shell(home: &Home, name: &str) -> Call {
    let folders = search_path_from(Binaries::built().front.parent().unwrap());
    let shell = home.call_of(Path::new("/usr/bin/env")).arg(name);
    shell.env("PATH", folders).env("TERM", "xterm").env("LANG", "C.UTF-8")
}
