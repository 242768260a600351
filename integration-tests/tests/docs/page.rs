//! The pages of the documentation, with their fenced blocks.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A page: README.md, CONTRIBUTING.md, and all files below `docs/`.
#[derive(Debug)]
pub(crate) struct Page {
    /// The path from the workspace's folder.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// A fenced block of a page.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) page: String,
    /// The anchor of the heading of second level that it is below.
    pub(crate) section: String,
    /// The number of the opening line, from 1.
    pub(crate) line: usize,
    /// The info string.
    pub(crate) language: String,
    /// The content, without the indentation of the fence.
    pub(crate) text: String,
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} (`{}`)", self.page, self.line, self.language)
    }
}

impl Page {
    /// Returns all pages, in alphabetical order.
    pub(crate) fn all() -> Vec<Self> {
        let mut paths = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
        let mut folders = vec![root().join("docs")];
        while let Some(folder) = folders.pop() {
            for file in fs::read_dir(folder).expect("a folder of pages") {
                let path = file.expect("a page").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "md") {
                    paths.push(path);
                }
            }
        }
        paths.sort();
        paths.into_iter().map(|path| Self::read(&path)).collect()
    }

    fn read(path: &Path) -> Self {
        let name = path.strip_prefix(root()).expect("a path in the workspace");
        let name = name.to_str().expect("a name that is text").to_owned();
        Self { name, path: path.to_owned(), text: fs::read_to_string(path).expect("a page") }
    }

    /// Returns the blocks, in order.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut section = String::new();
        let mut lines = self.text.lines().zip(1..);
        while let Some((line, number)) = lines.next() {
            let Some(language) = line.trim_start().strip_prefix("```") else {
                section = line.strip_prefix("## ").map_or(section, anchor);
                continue;
            };
            let indentation = line.len() - line.trim_start().len();
            let content = lines.by_ref().map(|(line, _)| line);
            let content = content.take_while(|line| line.trim_start() != "```");
            let text = content.map(|line| format!("{}\n", line.get(indentation..).unwrap_or("")));
            blocks.push(Block {
                page: self.name.clone(),
                section: section.clone(),
                line: number,
                language: language.to_owned(),
                text: text.collect(),
            });
        }
        blocks
    }

    /// Returns the lines outside blocks.
    pub(crate) fn prose(&self) -> Vec<&str> {
        let mut is_in_block = false;
        let lines = self.text.lines().filter(|line| {
            let is_fence = line.trim_start().starts_with("```");
            is_in_block ^= is_fence;
            !is_in_block && !is_fence
        });
        lines.collect()
    }
}

/// The anchor of a heading, as GitHub and mdBook make it.
pub(crate) fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// Returns the blocks of all pages.
pub(crate) fn blocks() -> Vec<Block> {
    Page::all().iter().flat_map(Page::blocks).collect()
}

/// Returns the folder of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}
