//! Every error of the program is on the page for those who look for its text.

use std::fs;
use std::path::{Path, PathBuf};

use crate::page::{Page, root};

#[test]
fn every_message_is_on_the_page() {
    let pages = Page::all();
    let page = pages.iter().find(|page| page.name == PAGE).expect("the page");
    let listed: Vec<&str> = page
        .text
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| ")?.split_once(" | ")?.0))
        .collect();
    let files: Vec<PathBuf> =
        FOLDERS.iter().flat_map(|folder| sources(&root().join(folder))).collect();
    let mut found: Vec<(String, String)> = files.iter().flat_map(|file| messages(file)).collect();
    found.sort();
    found.dedup();
    assert!(found.len() > 200, "{} messages were found", found.len());
    let missing: Vec<&(String, String)> =
        found.iter().filter(|(message, _)| !listed.contains(&&**message)).collect();
    assert!(missing.is_empty(), "add these to {PAGE}, with what to do: {missing:#?}");
    let gone: Vec<&&str> = listed
        .iter()
        .filter(|listed| **listed != HEADING && !found.iter().any(|(found, _)| found == **listed))
        .collect();
    assert!(gone.is_empty(), "the program says this no more, take it out of {PAGE}: {gone:#?}");
}

/// The source files below `folder` that are no tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).expect("a folder of sources") {
            let path = file.expect("a file").path();
            let name = path.file_stem().expect("its name").to_string_lossy().into_owned();
            let is_tests = ["tests", "fuzzing", "benches"].contains(&&*name)
                || name.ends_with("_tests")
                // What it finds is on its own page.
                || name == "doctor";
            if is_tests {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// The messages that a file has, as the page writes them, each with the file.
fn messages(file: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(file).expect("a source");
    let end = TESTS.iter().filter_map(|tests| text.find(tests)).min().unwrap_or(text.len());
    let text = &text[..end];
    let name = file.strip_prefix(root()).expect("a path in the workspace").display().to_string();
    let mut messages = Vec::new();
    for (marker, is_second) in MARKERS {
        for (at, _) in text.match_indices(marker) {
            // What a request was for, and no message.
            if text[..at].ends_with("failure") {
                continue;
            }
            let rest = &text[at + marker.len()..];
            let argument =
                if *is_second { rest.split_once(',').map(|(_, rest)| rest) } else { Some(rest) };
            let Some(argument) = argument.map(str::trim_start) else { continue };
            let argument = argument.strip_prefix('&').unwrap_or(argument);
            let argument = argument.strip_prefix("format!(").unwrap_or(argument).trim_start();
            let Some(literal) = argument.strip_prefix('"') else { continue };
            let message = with_gaps(&unescaped(literal));
            // The rest is made up of other messages.
            if message.chars().filter(char::is_ascii_alphabetic).count() >= 8 {
                messages.push((message, name.clone()));
            }
        }
    }
    messages
}

/// The content of a literal that begins after its quote.
fn unescaped(literal: &str) -> String {
    let mut text = String::new();
    let mut rest = literal.chars().peekable();
    while let Some(c) = rest.next().filter(|c| *c != '"') {
        match (c, rest.peek()) {
            ('\\', Some('\n')) => while rest.next_if(|c| c.is_whitespace()).is_some() {},
            ('\\', Some(_)) => text.extend(rest.next()),
            _ => text.push(c),
        }
    }
    text
}

/// A format with `…` for what it fills in.
fn with_gaps(format: &str) -> String {
    let mut text = String::new();
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' | '}' if rest.next_if_eq(&c).is_some() => text.push(c),
            '{' => {
                while rest.next().is_some_and(|c| c != '}') {}
                text.push('…');
            }
            _ => text.push(c),
        }
    }
    text
}

#[test]
fn a_message_is_read_as_it_is_written() {
    assert_eq!(unescaped("a \\\"b\\\" \\\n     c\", d"), "a \"b\" c");
    assert_eq!(with_gaps("`{name}` has {{x}} for {:?}"), "`…` has {x} for …");
}

const PAGE: &str = "docs/troubleshooting.md";
const HEADING: &str = "it says";

const FOLDERS: &[&str] =
    &["backends", "clients/src", "core/src", "formats/src", "helper-bin/src", "http/src"];

/// What stands before a message, and whether another argument comes first: a kind, or a key.
const MARKERS: &[(&str, bool)] = &[
    (".error(", true),
    ("Error::denied(", false),
    ("Error::misconfigured(", false),
    ("Error::needs_login(", false),
    ("Error::new(", true),
    ("Error::not_found(", false),
    ("Error::transient(", false),
    ("let message =", false),
];

/// Where the tests of a file begin.
const TESTS: &[&str] = &["\n#[cfg(test)]\nmod ", "\n#[cfg(all(test"];
