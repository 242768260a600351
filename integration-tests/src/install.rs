//! Installs what tests need: pinned packages below the target folder, and programs of the system, once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::{env, io};

use crate::executables;

/// The folder that holds the packages of `requirements` (each `NAME==VERSION`), which come from
/// PyPI. They are what a `PYTHONPATH` names; what they bring in binaries stands there too.
///
/// # Panics
/// When they cannot be installed.
#[must_use]
pub fn pypi(requirements: &[&str]) -> PathBuf {
    once(&requirements.join("+"), |folder| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--no-compile", "--root-user-action=ignore"]);
        pip.arg("--target").arg(folder).args(requirements);
        run(pip);
    })
}

/// The `node_modules` that holds `packages` (each `NAME@VERSION`), which come from npm. Their install
/// scripts are not run.
///
/// # Panics
/// When they cannot be installed.
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

/// Installs `packages` of the system where `program` is missing: the test that needs it is not one to
/// go without.
///
/// # Panics
/// When they cannot be installed.
pub fn debian(program: &str, packages: &[&str]) {
    static ASKED: Mutex<()> = Mutex::new(());
    let _one_at_a_time = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
    if is_there(program) {
        return;
    }
    let packages = packages.join(" ");
    let install = format!(
        "apt-get update && apt-get -o DPkg::Lock::Timeout=120 install --yes \
         --no-install-recommends {packages}"
    );
    let as_root = ["sh -c", "sudo --non-interactive sh -c"];
    let is_installed = as_root.iter().any(|root| succeeds(&format!("{root} '{install}'")));
    assert!(is_installed, "this test needs `{program}`: as root, run `{install}`");
}

/// The folder that holds a Debian system of this machine's own release: what every system has, and
/// `sudo`. As it is root's, it takes root, or `sudo`.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn clean_debian() -> PathBuf {
    debian("mmdebstrap", &["mmdebstrap"]);
    once("debian", |folder| {
        let sources = ["debian.sources", "ubuntu.sources"]
            .map(|name| Path::new("/etc/apt/sources.list.d").join(name))
            .into_iter()
            .find(|file| file.is_file())
            .unwrap_or_else(|| PathBuf::from("/etc/apt/sources.list"));
        let mut mmdebstrap = as_root("sh");
        let script = ". /etc/os-release && exec mmdebstrap --quiet --variant=minbase --include=sudo \
                      \"$VERSION_CODENAME\" \"$1\" \"$2\"";
        mmdebstrap.args(["-euc", script, "sh"]).arg(folder).arg(sources);
        run(mmdebstrap);
    })
}

/// A command that runs `program` as root.
#[must_use]
pub fn as_root(program: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let [sudo, options @ ..] = AS_ROOT;
    let mut sudo = Command::new(sudo);
    sudo.args(options).arg(program);
    sudo
}

/// How whoever is not root runs a program as root.
pub const AS_ROOT: [&str; 3] = ["sudo", "--non-interactive", "--preserve-env"];

/// Whether a program is there.
#[must_use]
pub fn is_there(program: &str) -> bool {
    succeeds(&format!("command -v {program}"))
}

fn succeeds(command: &str) -> bool {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = executables::start(&mut shell).and_then(|mut shell| shell.wait());
    status.is_ok_and(|status| status.success())
}

/// Fills the folder of that name with `fill`, unless that was done before. Several processes that
/// ask at once wait for one of them; one that dies halfway leaves nothing that counts.
fn once(name: &str, fill: impl FnOnce(&Path)) -> PathBuf {
    let root = target().join("test-servers");
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

/// The target folder that the running test was built into: cargo leaves a file in it, whoever made
/// the folder.
///
/// # Panics
/// When the running program is elsewhere.
#[must_use]
pub fn target() -> PathBuf {
    let test = env::current_exe().expect("the path of the running test");
    test.ancestors()
        .find(|folder| folder.join(".rustc_info.json").is_file())
        .unwrap_or_else(|| panic!("`{}` is not below a target folder", test.display()))
        .to_owned()
}

fn run(mut command: Command) {
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
}

fn give_up(path: &Path, error: &io::Error) -> ! {
    panic!("cannot install into `{}`: {error}", path.display())
}
