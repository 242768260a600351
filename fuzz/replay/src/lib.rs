//! Tries again what fuzzing has tried: the test of each crate's module `fuzzing`.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "it is the body of a test, whose output is shown when it fails"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The name that a function has in `fuzz/`, and the function.
pub type Trial = (&'static str, fn(&[u8]));

/// Gives each function the inputs that are kept for it.
///
/// # Panics
/// Where a promise does not hold, or nothing is kept. The input that breaks a promise is the last one
/// whose name is printed.
pub fn replay(trials: &[Trial]) {
    for (target, body) in trials {
        let kept = ["corpus", "regressions"];
        let inputs = kept.map(|kept| files(&folder().join(kept).join(target))).concat();
        assert!(!inputs.is_empty(), "nothing is kept for `{target}`");
        for input in inputs {
            println!("{}", input.display());
            let bytes = fs::read(&input);
            body(&bytes.unwrap_or_else(|error| panic!("{}: {error}", input.display())));
        }
    }
}

/// The folder that keeps what was tried.
#[must_use]
pub fn folder() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    files.filter_map(|file| Some(file.ok()?.path())).collect()
}
