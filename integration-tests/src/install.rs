//! Installs programs for tests, once, below the target folder and without root.

mod debian;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::{env, io};

pub(crate) use self::debian::programs;
pub use self::debian::{debian, debian_wrapper, is_there};
use crate::executables;

/// Returns a folder with the packages of `requirements` (each `NAME==VERSION`) from PyPI, which can
/// be used as a `PYTHONPATH`. It also holds their binaries.
///
/// # Panics
/// They cannot be installed.
#[must_use]
pub fn pypi(requirements: &[&str]) -> PathBuf {
    once(&requirements.join("+"), |folder| {
        let mut pip = Command::new(python());
        pip.args(["-m", "pip", "install", "--quiet", "--no-compile", "--root-user-action=ignore"]);
        pip.arg("--target").arg(folder).args(requirements);
        run(pip);
    })
}

/// Returns the `node_modules` with `packages` (each `NAME@VERSION`) from npm. Their install scripts
/// do not run.
///
/// # Panics
/// They cannot be installed.
#[must_use]
pub fn npm(packages: &[&str]) -> PathBuf {
    let name = packages.join("+").replace('/', "-");
    once(&name, |folder| {
        fs::create_dir_all(folder).unwrap_or_else(|error| give_up(folder, &error));
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]);
        npm.arg("--prefix").arg(folder).args(packages);
        run(npm);
    })
    .join("node_modules")
}

/// Returns the Python interpreter itself. `python3` may be a script that looks for the interpreter
/// at each start, and keeps its records in a folder of another user.
///
/// # Panics
/// There is none.
#[must_use]
pub fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let mut python = Command::new("python3");
        python.args(["-c", "import sys; print(sys.executable)"]);
        PathBuf::from(run(python).trim_end())
    })
}

/// Fills the folder of that name with `fill`, unless that was done before. Concurrent processes
/// wait for one of them. If that one is killed, the incomplete folder does not count.
pub(crate) fn once(name: &str, fill: impl FnOnce(&Path)) -> PathBuf {
    let root = servers();
    let folder = root.join(name);
    if folder.exists() {
        return folder;
    }
    fs::create_dir_all(&root).unwrap_or_else(|error| give_up(&root, &error));
    let lock = root.join(format!("{name}.lock"));
    let lock = File::create(&lock).unwrap_or_else(|error| give_up(&lock, &error));
    lock.lock().expect("the lock of the packages");
    if !folder.exists() {
        let partial = root.join(format!("{name}.partial"));
        match fs::remove_dir_all(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => give_up(&partial, &error),
            _ => {}
        }
        fill(&partial);
        fs::rename(&partial, &folder).unwrap_or_else(|error| give_up(&folder, &error));
    }
    folder
}

/// Returns the folder of all installed programs.
fn servers() -> PathBuf {
    target().join("test-servers")
}

/// Returns the target folder into which the running test was built. Cargo marks it with a file,
/// even if another program has made the folder.
///
/// # Panics
/// The running program is elsewhere.
#[must_use]
pub fn target() -> PathBuf {
    let test = env::current_exe().expect("the path of the running test");
    test.ancestors()
        .find(|folder| folder.join(".rustc_info.json").is_file())
        .unwrap_or_else(|| panic!("`{}` is not below a target folder", test.display()))
        .to_owned()
}

/// Runs a command that must succeed, and returns its stdout.
fn run(mut command: Command) -> String {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = executables::start(&mut command)
        .and_then(Child::wait_with_output)
        .unwrap_or_else(|error| panic!("cannot run `{command:?}`: {error}"));
    assert!(
        output.status.success(),
        "`{command:?}` failed, {}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn give_up(path: &Path, error: &io::Error) -> ! {
    panic!("cannot install into `{}`: {error}", path.display())
}
