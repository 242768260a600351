//! The programs under test, built from the current sources.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::executables;

/// The paths of the programs.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// `api-key-helper`.
    pub front: PathBuf,
    /// `api-key-helper-worker`.
    pub worker: PathBuf,
    /// The `test-program`, which plays sources and clients.
    pub test_program: PathBuf,
}

impl Binaries {
    /// Returns the programs, which are built before the first test of this process needs them. So
    /// tests never run outdated programs, however they were started.
    ///
    /// The variable `TEST_PROGRAMS` names a folder of programs that are already built, perhaps for
    /// another platform. A relative folder is relative to Cargo's folder for this profile: `.` is
    /// that folder.
    ///
    /// # Panics
    /// They do not build, or are missing.
    #[must_use]
    pub fn built() -> &'static Self {
        static BUILT: OnceLock<Binaries> = OnceLock::new();
        BUILT.get_or_init(|| given().unwrap_or_else(build))
    }

    /// Returns the released front.
    ///
    /// # Panics
    /// It does not build.
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

    /// Copies the front to `folder`, and returns it with the path where its worker would be.
    #[must_use]
    pub fn copy_front(folder: &Path) -> Self {
        let copy = Self::in_folder(folder);
        executables::copy(&Self::built().front, &copy.front);
        copy
    }

    /// Copies front and worker to `folder`.
    #[must_use]
    pub fn copy(folder: &Path) -> Self {
        let copy = Self::copy_front(folder);
        executables::copy(&Self::built().worker, &copy.worker);
        copy
    }

    fn in_folder(folder: &Path) -> Self {
        let [front, worker, test_program] = [FRONT, WORKER, TEST_PROGRAM]
            .map(|name| folder.join(format!("{name}{}", env::consts::EXE_SUFFIX)));
        Self { front, worker, test_program }
    }
}

/// The name of the front, which ends in `.exe` on Windows.
pub const FRONT: &str = "api-key-helper";
/// The name of the worker, which ends in `.exe` on Windows.
pub const WORKER: &str = "api-key-helper-worker";
const TEST_PROGRAM: &str = "test-program";

#[expect(clippy::disallowed_methods, reason = "the caller of the tests chooses the programs")]
fn given() -> Option<Binaries> {
    let folder = env::var_os("TEST_PROGRAMS")?;
    let mut given = Binaries::in_folder(&profile_folder().join(folder));
    for program in [&given.front, &given.worker] {
        assert!(program.is_file(), "`{}` is not built", program.display());
    }
    // It may be of another platform than the programs that it runs.
    if !given.test_program.exists() {
        given.test_program = build().test_program;
    }
    Some(given)
}

fn build() -> Binaries {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    // There are no examples, but `--examples` includes the dependencies of tests. So all crates
    // have the same features as with `cargo test --workspace`, and none is built twice. Some
    // programs of the workspace build only on Linux.
    let packages: &[&str] = if cfg!(target_os = "linux") {
        &["--workspace", "--examples"]
    } else {
        &["--package=api-key-helper", "--package=platform-tests"]
    };
    cargo.args(["build", "--bins"]).args(packages);
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
    let [front, worker, test_program] = [FRONT, WORKER, TEST_PROGRAM].map(executable);
    Binaries { front, worker, test_program }
}

/// Returns the profile of the running test.
fn profile() -> Vec<String> {
    let folder = profile_folder();
    match folder.file_name().and_then(OsStr::to_str).expect("a profile's name") {
        "debug" => Vec::new(),
        name => vec!["--profile".to_owned(), name.to_owned()],
    }
}

/// Returns the folder of the profile: the running test is `TARGET/PROFILE/deps/NAME`, and a program
/// is `TARGET/PROFILE/NAME`.
fn profile_folder() -> PathBuf {
    let test = env::current_exe().expect("the path of the running test");
    let mut folders = test.ancestors().skip(1).filter(|folder| !folder.ends_with("deps"));
    folders.next().expect("a profile's folder").to_owned()
}
