//! A page of `docs/recipes`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A page whose fenced blocks have names: a comment in the line before the fence.
#[derive(Debug)]
pub(crate) struct Page {
    path: String,
    blocks: Vec<Block>,
    used: RefCell<BTreeSet<String>>,
}

#[derive(Debug)]
struct Block {
    name: String,
    text: String,
}

impl Page {
    /// Reads the page `name`.
    #[track_caller]
    pub(crate) fn open(name: &str) -> Self {
        let path = format!("docs/recipes/{name}");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&path);
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut blocks: Vec<Block> = Vec::new();
        let (mut before, mut lines) = ("", text.lines());
        while let Some(line) = lines.next() {
            if line.starts_with("```") {
                let name = before.strip_prefix("<!-- ").and_then(|name| name.strip_suffix(" -->"));
                let name = name.unwrap_or_else(|| panic!("{path}: a block has no name: {line}"));
                let content = lines.by_ref().take_while(|line| *line != "```");
                let text: String = content.map(|line| format!("{line}\n")).collect();
                assert!(blocks.iter().all(|block| block.name != name), "{path}: {name} twice");
                blocks.push(Block { name: name.to_owned(), text });
            }
            before = line;
        }
        Self { path, blocks, used: RefCell::default() }
    }

    /// Returns the block of that name.
    #[track_caller]
    pub(crate) fn block(&self, name: &str) -> &str {
        let block = self.blocks.iter().find(|block| block.name == name);
        let block = block.unwrap_or_else(|| panic!("{} has no block `{name}`", self.path));
        self.used.borrow_mut().insert(block.name.clone());
        &block.text
    }

    /// Asserts that an output has the words of the block of that name; times may differ.
    #[track_caller]
    pub(crate) fn assert_shows(&self, name: &str, shown: &str) {
        let block = self.block(name);
        assert_eq!(without_times(shown), without_times(block), "{} shows for `{name}`", self.path);
    }

    /// Asserts that every block was used.
    #[track_caller]
    pub(crate) fn assert_all_used(&self) {
        let unused: Vec<&str> = self.blocks.iter().map(|block| block.name.as_str()).collect();
        let used = self.used.borrow();
        let unused: Vec<&str> = unused.into_iter().filter(|name| !used.contains(*name)).collect();
        assert_eq!(unused, [""; 0], "no test uses these blocks of {}", self.path);
    }
}

/// Returns the words of each line, without times such as `59 min 58 s`.
fn without_times(text: &str) -> Vec<Vec<&str>> {
    let is_unit = |word: &str| ["d", "h", "min", "s"].contains(&word.trim_end_matches(','));
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let words =
        |line| str::split_whitespace(line).filter(|word| !is_unit(word) && !is_number(word));
    text.lines().map(|line| words(line).collect()).collect()
}
