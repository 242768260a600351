//! Tries again what fuzzing has tried, by an ordinary test.

use std::fs;
use std::path::{Path, PathBuf};

/// Gives each input that is kept for `target` to `body`.
///
/// # Panics
/// When `body` does, after the input's name was printed; when there is no input.
pub(crate) fn replay(target: &str, body: fn(&[u8])) {
    let inputs: Vec<PathBuf> = ["corpus", "regressions"]
        .into_iter()
        .flat_map(|kept| files(&fuzz().join(kept).join(target)))
        .collect();
    assert!(!inputs.is_empty(), "nothing is kept for `{target}`");
    for input in inputs {
        println!("{}", input.display());
        body(&fs::read(&input).unwrap());
    }
}

fn fuzz() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = package.ancestors().find(|folder| folder.join("fuzz/replay.rs").is_file());
    workspace.unwrap().join("fuzz")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    files.map(|file| file.unwrap().path()).collect()
}
