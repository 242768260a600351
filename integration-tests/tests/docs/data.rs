//! The data on the pages is valid.

use std::path::Path;

use integration_tests::call::Call;
use integration_tests::home::search_path;
use integration_tests::install;

use crate::page::{Block, Page};

/// Asserts that the block is JSON.
pub(crate) fn is_json(block: &Block) {
    if let Err(error) = serde_json::from_str::<serde_json::Value>(&block.text) {
        panic!("{block}: {error}");
    }
}

/// Asserts that the block is YAML.
pub(crate) fn is_yaml(block: &Block) {
    let packages = install::pypi(&["pyyaml==6.0.3"]);
    let read = "import sys, yaml; assert isinstance(yaml.safe_load(sys.stdin), (dict, list))";
    let call = Call::new(Path::new("/usr/bin/env"), &packages).args(["python3", "-c", read]);
    let call = call.env("PATH", search_path()).env("PYTHONPATH", &packages);
    let answer = call.input(block.text.as_bytes()).run();
    assert_eq!(answer.code, Some(0), "{block}: {answer:?}");
}

/// Asserts that the page explains each check of the report, and that its totals are right. `…` stands
/// for checks without a finding.
pub(crate) fn is_a_report_of_doctor(block: &Block) {
    let pages = Page::all();
    let page = pages.iter().find(|page| page.name == block.page).expect("the block's page");
    let mut found = [0; 3];
    let mut lines = block.text.lines().skip(1);
    let mut is_whole = true;
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let Some(at) = ["✓ ", "! ", "✗ "].iter().position(|mark| line.starts_with(mark)) else {
            is_whole &= line != "…";
            assert!(line == "…" || line.starts_with("    "), "{block}: {line}");
            continue;
        };
        found[at] += 1;
        let (name, _) = line[line.find(' ').expect("a mark")..].split_once(": ").expect("a name");
        assert!(page.text.contains(&format!("| `{}` |", name.trim())), "{block}: {name}");
    }
    let [_, warnings, errors] = found;
    let shown: usize = found.iter().sum();
    let sum = lines.next().expect("the sum");
    let (all, rest) = sum.split_once(' ').expect("a number and words");
    assert_eq!(rest, format!("checks: {errors} errors, {warnings} warnings"), "{block}");
    let all: usize = all.parse().expect("a number");
    assert!(if is_whole { all == shown } else { all > shown }, "{block}: {sum}");
}
