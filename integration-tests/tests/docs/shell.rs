//! The commands on the pages work.

use std::fs;
use std::path::Path;
use std::process::Command;

use integration_tests::binaries::Binaries;
use integration_tests::call::{Answer, Call};
use integration_tests::home::{Home, search_path};
use integration_tests::terminal::{Streams, Terminal};

use crate::page::{Block, root};

/// Asserts that every line of the block succeeds, and prints what the page shows. The user has a
/// script source, whose key has 108 characters, and a program `ask.py` that reads the key from its
/// environment. Lines that begin with `cargo` are skipped.
pub(crate) fn runs(block: &Block) {
    let home = Home::new();
    let script = home.script("main", "printf 'k%.0s' $(seq 108)");
    let source = format!("[source.keys]\nbackend = \"script\"\ncommand = [{script:?}]\n");
    let profiles = ["default", "work", "desktop"];
    let profiles = profiles.map(|name| format!("[profile.{name}]\nsources = [\"keys\"]\n"));
    home.configure(&format!("default_profile = \"default\"\n{}{source}", profiles.concat()));
    fs::create_dir(home.path().join("bin")).expect("a folder for programs");
    home.write("ask.py", "import os\nassert len(os.environ['ANTHROPIC_API_KEY']) == 108\n");
    for (line, shown) in typed(block) {
        if line.starts_with("cargo ") {
            continue;
        }
        let answer = if line.split(" #").next().is_some_and(|line| line.trim() == INIT) {
            init(&home, &script)
        } else {
            type_in(&home, &line)
        };
        assert_eq!(answer.code, Some(0), "{block}: {line}: {answer:?}");
        let printed = answer.stdout.replace(&*home.path().to_string_lossy(), "/home/me");
        assert!(shown.is_empty() || printed == shown, "{block}: {line}: {answer:?}");
    }
}

/// Asserts that the block has no syntax error. Its effect is tested elsewhere, or depends on the
/// reader.
pub(crate) fn is_a_script(block: &Block) {
    let call = Call::new(Path::new("/bin/sh"), root()).args(["-n", "-c", &block.text]);
    let answer = call.env("PATH", search_path()).run();
    assert_eq!((answer.code, &*answer.stderr), (Some(0), ""), "{block}");
    for line in block.text.lines() {
        let words = line.split_once("api-key-helper ").map_or("", |(_, arguments)| arguments);
        let words = words.split(" -- ").next().unwrap_or_default();
        // With `--help`, nothing is done, but the other arguments are still parsed.
        let words = words.split([')', '#']).next().unwrap_or_default().split_whitespace();
        let home = Home::new();
        let answer = home.call(words.chain(["--help"])).run();
        assert_eq!(answer.code, Some(0), "{block}: {answer:?}");
    }
}

/// Asserts that each program and each package in the block belongs to this workspace.
pub(crate) fn is_of_this_workspace(block: &Block) {
    is_a_shells(block);
    let justfile = fs::read_to_string(root().join("justfile")).expect("the recipes");
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("what cargo knows of the workspace");
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let is_package = |name: &str| packages.iter().any(|package| package["name"] == name);
    let text = unquoted(&block.text).replace("\\\n", " ");
    for line in text.lines().filter_map(|line| line.split(" #").next()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let program = words.iter().find(|word| !word.contains('='));
        match program.copied() {
            None => {}
            Some("cargo") => {
                let named = words.windows(2).filter(|pair| ["-p", "--package"].contains(&pair[0]));
                for pair in named {
                    assert!(is_package(pair[1]), "{block}: there is no package `{}`", pair[1]);
                }
            }
            Some("just") => {
                let recipe = format!("\n{}", words[1]);
                let is_recipe = |rest: &str| rest.starts_with([' ', ':']);
                let found = justfile.split(&recipe).skip(1).any(is_recipe);
                assert!(found, "{block}: there is no recipe `{}`", words[1]);
            }
            // The line before builds it.
            Some(path) if path.starts_with("target/") => {}
            Some(path) => assert!(root().join(path).is_file(), "{block}: there is no `{path}`"),
        }
    }
}

/// Returns `text` without the parts in quotes.
fn unquoted(text: &str) -> String {
    let mut open = None;
    let kept = text.chars().filter(|c| match open {
        Some(quote) if *c == quote => {
            open = None;
            false
        }
        None if ['\'', '"'].contains(c) => {
            open = Some(*c);
            false
        }
        inside => inside.is_none(),
    });
    kept.collect()
}

fn is_a_shells(block: &Block) {
    let call = Call::new(Path::new("/bin/bash"), root()).args(["-n", "-c", &block.text]);
    let answer = call.env("PATH", search_path()).run();
    assert_eq!((answer.code, &*answer.stderr), (Some(0), ""), "{block}");
}

/// Returns the typed lines, each with its output on the page.
fn typed(block: &Block) -> Vec<(String, String)> {
    if block.language == "sh" {
        return vec![(block.text.clone(), String::new())];
    }
    let lines = format!("\n{}", block.text);
    let typed = lines.split("\n$ ").skip(1).map(|call| {
        let (line, shown) = call.split_once('\n').unwrap_or((call, ""));
        let end = if shown.is_empty() || shown.ends_with('\n') { "" } else { "\n" };
        (line.to_owned(), format!("{shown}{end}"))
    });
    typed.collect()
}

fn type_in(home: &Home, line: &str) -> Answer {
    let front = Binaries::built().front.canonicalize().expect("the front's path");
    let folder = front.parent().expect("its folder");
    let line = line.replace("/usr/local/bin", folder.to_str().expect("a path"));
    let path = [folder.as_os_str(), &search_path()].join(":".as_ref());
    home.call_of(Path::new("/bin/sh")).args(["-euc", &line]).env("PATH", path).run()
}

/// Runs `init`, with the answers of a user who has a script. It runs for another user, because this
/// one has a configuration.
fn init(home: &Home, script: &Path) -> Answer {
    let beginner = Home::new();
    let mut terminal =
        Terminal::start(&beginner.call(["init"]).env("NO_COLOR", "1"), Streams::InAndErr);
    terminal.answer("Number or name [script]", "");
    let program = "Program that prints the key: its path, or a line for the shell";
    terminal.answer(program, script.to_str().expect("a path"));
    terminal.wait_for("Let Claude Code use it, by your settings? [yes]");
    terminal.press("no\n");
    assert!(home.config_file().is_file() && beginner.config_file().is_file());
    terminal.finish()
}

const INIT: &str = "api-key-helper init";
