//! What the documentation shows is what the program takes.

#![expect(clippy::expect_used, reason = "that is how a test fails")]

mod apply;
mod exec;

use std::fs;
use std::path::{Path, PathBuf};

use api_key_helper_core::config::{ConfigFile, Configuration, Variables};
use integration_tests::home::Home;

/// A fenced block of a page.
struct Block {
    place: String,
    text: String,
}

#[test]
fn every_configuration_is_one() {
    let blocks = blocks("toml");
    assert!(blocks.len() >= 5, "{} blocks were found", blocks.len());
    for Block { place, text } in blocks {
        let home = Home::new();
        // Some lines are for the system's file alone.
        if text.contains("\nlocked = ") || text.starts_with("locked = ") {
            let file = ConfigFile { path: "/etc/c.toml".into(), bytes: text.into() };
            if let Err(error) = Configuration::parse(Some(file), None, Variables::new()) {
                panic!("{place}: {error}");
            }
            continue;
        }
        home.configure(&with_profile(&text));
        // It builds every source, and asks none.
        let answer = home.call(["status"]).run();
        assert_eq!((answer.code, &*answer.stderr), (Some(0), ""), "{place}: {answer:?}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        for (target, _) in targets {
            let path = target.split('#').next().unwrap_or_default();
            if target.contains("://") || path.is_empty() {
                continue;
            }
            let found = page.parent().expect("the page's folder").join(path);
            assert!(found.exists(), "{} links to `{target}`", page.display());
        }
    }
}

/// A page of a backend shows sources alone: then a profile of its first one is added.
fn with_profile(text: &str) -> String {
    let name = text.lines().find_map(|line| line.strip_prefix("[source.")?.strip_suffix(']'));
    match name {
        Some(name) if !text.contains("[profile.") => {
            format!("{text}\n[profile.docs]\nsources = [\"{name}\"]\n")
        }
        _ => text.to_owned(),
    }
}

/// All blocks that are fenced as `language`.
fn blocks(language: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            if line.trim_start() == format!("```{language}") {
                let place = format!("{}:{}", page.display(), number + 1);
                let content = lines.by_ref().map(|(_, line)| line);
                let content = content.take_while(|line| line.trim_start() != "```");
                let text = content.map(|line| format!("{line}\n")).collect();
                blocks.push(Block { place, text });
            }
        }
    }
    blocks
}

/// README.md, and all that is below `docs/`.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut pages = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).expect("a folder of pages") {
            let path = file.expect("a page").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}
