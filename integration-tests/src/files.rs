//! The files of a test.

use std::fs;
use std::path::{Path, PathBuf};

/// All files below `folder` and what is in them, in order. What is no file, as a FIFO, is not among them.
///
/// # Panics
/// When one of them cannot be read.
#[must_use]
pub fn below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("what is in it").path();
        if path.is_dir() {
            found.extend(below(&path));
        } else if path.is_file() {
            let content = fs::read(&path).expect("a file's content");
            found.push((path, content));
        }
    }
    found.sort();
    found
}
