//! The manual is complete: each page is in the summary, and each link leads somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::page::{Page, anchor, root};

#[test]
fn documentation_pages_are_in_the_summary_once() {
    let pages = Page::all();
    let summary = pages.iter().find(|page| page.name == SUMMARY).expect("the summary");
    let folder = root().join("docs");
    let mut listed: Vec<PathBuf> =
        targets(summary).into_iter().map(|target| folder.join(target)).collect();
    listed.sort();
    let written: Vec<PathBuf> = pages
        .iter()
        .filter(|page| page.path.starts_with(&folder) && page.name != SUMMARY)
        .map(|page| page.path.clone())
        .collect();
    assert_eq!(listed, written, "add a line to {SUMMARY}, or take one out");
}

#[test]
fn documentation_links_and_anchors_exist() {
    let pages = Page::all();
    let anchors: BTreeMap<&Path, BTreeSet<String>> =
        pages.iter().map(|page| (&*page.path, anchors(page))).collect();
    let mut links = 0;
    for page in &pages {
        for target in targets(page) {
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let folder = page.path.parent().expect("the page's folder");
            let path = if file.is_empty() { page.path.clone() } else { plain(&folder.join(file)) };
            assert!(path.exists(), "{} links to `{target}`", page.name);
            // The book has no files other than its pages.
            let is_in_book = page.path.starts_with(root().join("docs"));
            assert!(
                !is_in_book || path.starts_with(root().join("docs")),
                "{} links to `{target}`, which is not in the book: write its address",
                page.name
            );
            if !anchor.is_empty() {
                let anchors = anchors.get(&*path);
                let is_there = anchors.is_some_and(|anchors| anchors.contains(anchor));
                assert!(is_there, "{} links to `{target}`: {anchors:?}", page.name);
            }
            links += 1;
        }
    }
    assert!(links > 50, "{links} links were found");
}

/// Returns the targets of a page's links.
fn targets(page: &Page) -> Vec<&str> {
    let lines = page.prose().into_iter();
    let links = lines.flat_map(|line| line.split("](").skip(1));
    links.filter_map(|rest| Some(rest.split_once(')')?.0)).collect()
}

/// Returns the anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(page: &Page) -> BTreeSet<String> {
    let mut seen = BTreeMap::new();
    let mut anchors = BTreeSet::new();
    for line in page.prose() {
        let heading = line.trim_start_matches('#');
        let Some(heading) = heading.strip_prefix(' ').filter(|_| line.starts_with('#')) else {
            continue;
        };
        let anchor = anchor(heading);
        let before = seen.entry(anchor.clone()).or_insert(0);
        anchors.insert(if *before == 0 { anchor } else { format!("{anchor}-{before}") });
        *before += 1;
    }
    anchors
}

/// Returns `path` without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

const SUMMARY: &str = "docs/SUMMARY.md";
