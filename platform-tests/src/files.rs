//! The files of a test.

use std::fs;
use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
use rustix::fs::{CWD, FileType, Mode, mknodat};

/// Returns all files below `folder` with their content, in order. FIFOs and the like are left out.
///
/// # Panics
/// One of them cannot be read.
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

/// Makes a FIFO that its owner may read and write.
///
/// # Panics
/// It cannot be made.
#[cfg(target_os = "linux")]
pub fn make_fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO");
}

/// Encodes a text in UTF-16; `bytes` is [`u16::to_le_bytes`] or [`u16::to_be_bytes`].
#[must_use]
pub fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}
