//! What the page on Claude Code shows is what `apply` says.

use std::fs;

use integration_tests::binaries::Binaries;
use integration_tests::home::{Home, KEYS, configuration};

/// How a block begins in which the helper is called.
const FENCE: &str = "```console\n$ api-key-helper ";

#[test]
fn every_transcript_of_apply_is_real() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/claude-code.md");
    let page = fs::read_to_string(page).expect("the page");
    let home = Home::new();
    let script = home.script("main", KEYS);
    let main = configuration("", "lifetime = \"48h\"", &script);
    home.configure(&format!(
        "default_profile = \"main\"\n{main}[profile.work]\nsources = [\"main\"]\n"
    ));
    let front = Binaries::built().front.canonicalize().expect("the front's path");
    let mut calls = 0;
    for block in page.split(FENCE).skip(1).filter_map(|rest| rest.split("```").next()) {
        for call in block.split("$ api-key-helper ") {
            let (line, shown) = call.split_once('\n').expect("a line and what it prints");
            if !line.contains("apply") {
                continue;
            }
            let answer = home.call(line.split(' ')).run();
            let said = answer.assert_printed();
            let said = said.replace(&*home.path().to_string_lossy(), "/home/me");
            assert_eq!(
                said.replace(&*front.to_string_lossy(), "/usr/local/bin/api-key-helper"),
                shown
            );
            calls += 1;
        }
    }
    assert_eq!(calls, 4);
}
