//! The programs under test, as their sources are now.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::executables;

/// Where front and worker are.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// `api-key-helper`.
    pub front: PathBuf,
    /// `api-key-helper-worker`.
    pub worker: PathBuf,
}

impl Binaries {
    /// Front and worker, built before the first test of this process asks for them: a test never
    /// runs stale ones, whichever way it was started.
    ///
    /// # Panics
    /// When they do not build.
    #[must_use]
    pub fn built() -> &'static Self {
        static BUILT: OnceLock<Binaries> = OnceLock::new();
        BUILT.get_or_init(build)
    }

    /// The front as it is released.
    ///
    /// # Panics
    /// When it does not build.
    #[must_use]
    pub fn released_front() -> &'static Path {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        BUILT.get_or_init(|| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            let mut packaging = Command::new(root.join("packaging/front"));
            packaging.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let packaging = executables::start(&mut packaging).expect("`packaging/front` starts");
            let output = packaging.wait_with_output().expect("what it says");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "the released front does not build:\n{said}");
            root.join(String::from_utf8_lossy(&output.stdout).trim())
        })
    }

    /// The front alone, copied to `folder`, and where its worker would be beside it.
    #[must_use]
    pub fn copy_front(folder: &Path) -> Self {
        let copy = Self { front: folder.join(FRONT), worker: folder.join(WORKER) };
        executables::copy(&Self::built().front, &copy.front);
        copy
    }

    /// Front and worker, copied to `folder`.
    #[must_use]
    pub fn copy(folder: &Path) -> Self {
        let copy = Self::copy_front(folder);
        executables::copy(&Self::built().worker, &copy.worker);
        copy
    }
}

/// The front's file name.
pub const FRONT: &str = "api-key-helper";
/// The worker's file name.
pub const WORKER: &str = "api-key-helper-worker";

fn build() -> Binaries {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    // There are no examples. But whoever builds them needs what tests depend on, so that all crates
    // have the features that `cargo test --workspace` gives them, and none is built twice.
    cargo.args(["build", "--workspace", "--bins", "--examples"]);
    cargo.arg("--message-format=json-render-diagnostics").args(profile());
    cargo.stdout(Stdio::piped()).stderr(Stdio::piped());
    let cargo = executables::start(&mut cargo).expect("cargo starts");
    let output = cargo.wait_with_output().expect("what cargo says");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the programs under test do not build:\n{said}");
    let messages: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a message of cargo is JSON"))
        .collect();
    let executable = |name: &str| {
        let found = messages.iter().find(|message| message["target"]["name"] == name);
        let path = found.and_then(|message| message["executable"].as_str());
        PathBuf::from(path.unwrap_or_else(|| panic!("cargo did not build `{name}`:\n{said}")))
    };
    Binaries { front: executable(FRONT), worker: executable(WORKER) }
}

/// The profile of the running test: its file is `TARGET/PROFILE/deps/NAME`, and that of a program is
/// `TARGET/PROFILE/NAME`.
fn profile() -> Vec<String> {
    let test = env::current_exe().expect("the path of the running test");
    let mut folders = test.ancestors().skip(1).filter(|folder| !folder.ends_with("deps"));
    let folder = folders.next().and_then(Path::file_name).expect("a profile's folder");
    match folder.to_str().expect("a profile's name") {
        "debug" => Vec::new(),
        name => vec!["--profile".to_owned(), name.to_owned()],
    }
}
