//! The path of a new user in the quick start, typed literally on a system with only the client.

use std::fs;

use integration_tests::client::{Claude, ClientSlot, MessagesApi, Refusal, leave_network};
use integration_tests::debian::{Debian, package};
use integration_tests::home::Home;

/// The mark before that path.
const MARK: &str = "<!-- the newcomer's path -->";

#[test]
fn quick_start_steps_work_on_a_clean_debian() {
    let steps = steps();
    assert!(steps.len() <= 5, "{steps:?}");
    assert!(steps.iter().all(|step| step.line.len() <= 80), "{steps:?}");
    let _slot = ClientSlot::take();
    let home = Home::new();
    let package = package(home.path());
    let debian = Debian::new();
    let file = package.file_name().unwrap().to_string_lossy();
    debian.put(&package, &format!("/home/ann/{file}"));
    let script = home.write("keys", format!("#!/bin/sh\necho {KEY}\n"));
    debian.put(&script, "/opt/keys/generate_temp_api_key.sh");
    let _ = Claude::program();
    leave_network();
    let api = MessagesApi::refusing_with(Refusal::Unauthorized);
    api.accept_only(&[KEY]);
    for step in &steps {
        let call = debian
            .ann(&step.line)
            .env("ANTHROPIC_BASE_URL", api.address())
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
        let answer = call.input(b"").run();
        assert_eq!(answer.code, Some(0), "{}: {answer:?}", step.line);
        let printed = without_numbers(&answer.stdout);
        let (begin, end) = step.shown.split_once("…\n").unwrap_or((&step.shown, &step.shown));
        assert!(printed.starts_with(&without_numbers(begin)), "{answer:?}");
        assert!(printed.ends_with(&without_numbers(end)), "{answer:?}");
        if step.line.ends_with("doctor") {
            assert!(answer.stdout.contains("0 errors, 0 warnings"), "{answer:?}");
        }
    }
    let answered = api.answered();
    assert!(!answered.is_empty());
    assert!(answered.iter().all(|(key, status)| key == KEY && *status == 200), "{answered:?}");
}

/// A typed line, with its output on the page.
#[derive(Debug)]
struct Step {
    line: String,
    shown: String,
}

fn steps() -> Vec<Step> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/quick-start.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, path) = page.split_once(MARK).expect("where the path begins");
    let (path, _) = path.split_once(MARK).expect("where it ends");
    let blocks = path.split("```console\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    let mut steps: Vec<Step> = Vec::new();
    for line in lines {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(line), _) => steps.push(Step { line: line.to_owned(), shown: String::new() }),
            (None, Some(step)) => step.shown += &format!("{line}\n"),
            (None, None) => panic!("{line:?} is before the first command"),
        }
    }
    steps
}

/// Replaces numbers, because times and sizes differ from run to run.
fn without_numbers(text: &str) -> String {
    let mut without = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' if without.ends_with('0') => {}
            '0'..='9' => without.push('0'),
            c => without.push(c),
        }
    }
    without
}

const KEY: &str = "sk-made-up-for-the-quick-start";
