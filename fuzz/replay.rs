//! Tries again what fuzzing has tried, by an ordinary test: a part of each crate's module `fuzzing`.

use std::fs;
use std::path::{Path, PathBuf};

use super::TARGETS;

/// The input that breaks a promise is the last one whose name is printed.
#[test]
fn what_was_found_stays_mended() {
    for (target, body) in TARGETS {
        let kept = ["corpus", "regressions"];
        let inputs = kept.map(|kept| files(&fuzz().join(kept).join(target))).concat();
        assert!(!inputs.is_empty(), "nothing is kept for `{target}`");
        for input in inputs {
            println!("{}", input.display());
            body(&fs::read(&input).unwrap());
        }
    }
}

/// The folder that keeps what was tried.
pub(super) fn fuzz() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = package.ancestors().find(|folder| folder.join("fuzz/replay.rs").is_file());
    workspace.unwrap().join("fuzz")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    files.map(|file| file.unwrap().path()).collect()
}
