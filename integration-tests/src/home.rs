//! A user with a home of their own.

use std::env;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use api_key_helper_core::KernelKeyring;
use tempfile::TempDir;

use crate::binaries::Binaries;
use crate::call::Call;
use crate::executables;
use crate::gate::Gate;
use crate::process::Process;
use crate::state::State;

/// A home folder, and nothing else: no variable and no file of whoever runs the tests.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

impl Home {
    /// An empty one.
    ///
    /// # Panics
    /// When it cannot be made, or this machine has a configuration for all of its users.
    #[must_use]
    pub fn new() -> Self {
        assert!(!Path::new(SYSTEM_CONFIG).exists(), "`{SYSTEM_CONFIG}` has a say in every test");
        let private = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().permissions(private).tempdir().expect("a folder");
        Self { folder }
    }

    /// One with a profile and a source that are both called `main`: `body` is the source's script.
    #[must_use]
    pub fn with_script(body: &str) -> Self {
        Self::with_settings("", "", body)
    }

    /// The same, with more lines in the tables of the profile and of the source.
    #[must_use]
    pub fn with_settings(profile: &str, source: &str, body: &str) -> Self {
        let home = Self::new();
        let script = home.script("main", body);
        home.configure(&configuration(profile, source, &script));
        home
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The user's configuration file.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.path().join(".config/api-key-helper/config.toml")
    }

    /// Writes the user's configuration.
    pub fn configure(&self, text: &str) {
        self.write(".config/api-key-helper/config.toml", text);
    }

    /// Writes a file that only its owner can read.
    ///
    /// # Panics
    /// When that fails.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder around it")).expect("that folder");
        fs::write(&path, text).expect("the file's content");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("the file's mode");
        path
    }

    /// Writes an executable script of the shell. It counts its runs: `$run` is the number of this
    /// one.
    #[must_use]
    pub fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.path().join(name);
        let runs = self.runs_file(name);
        let runs = runs.display();
        let text = format!(
            "#!/bin/sh\necho $$ >>'{runs}'\nrun=$(wc -l <'{runs}')\nrun=$((run))\n{body}\n"
        );
        executables::write(&path, text);
        path
    }

    /// How often a script was run.
    #[must_use]
    pub fn runs(&self, script: &str) -> usize {
        self.processes(script).len()
    }

    /// The processes of a script's runs.
    ///
    /// # Panics
    /// When their list is not one.
    #[must_use]
    pub fn processes(&self, script: &str) -> Vec<Process> {
        let runs = fs::read_to_string(self.runs_file(script)).unwrap_or_default();
        runs.lines().map(|id| Process { id: id.parse().expect("a process id") }).collect()
    }

    /// A gate for scripts to stand at.
    #[must_use]
    pub fn gate(&self) -> Gate {
        Gate::new(&self.path().join("gate"))
    }

    /// A call of the front by this user.
    #[must_use]
    pub fn helper(&self) -> Call {
        self.call_of(&Binaries::built().front)
    }

    /// A call of `program` by this user.
    #[must_use]
    pub fn call_of(&self, program: &Path) -> Call {
        Call::new(program, self.path()).env("HOME", self.path()).env("PATH", search_path())
    }

    /// A call of the front with these arguments.
    #[must_use]
    pub fn call<A: Into<OsString>>(&self, arguments: impl IntoIterator<Item = A>) -> Call {
        self.helper().args(arguments)
    }

    /// What the helper keeps.
    #[must_use]
    pub fn state(&self) -> State {
        let [state, keys] = ["state", "share"]
            .map(|folder| self.path().join(".local").join(folder).join("api-key-helper"));
        State::new(state, keys)
    }

    /// What the kernel remembers is gone, as after a restart of the machine.
    pub fn restart_machine(&self) {
        KernelKeyring::of(self.state().key_file()).forget();
    }

    fn runs_file(&self, script: &str) -> PathBuf {
        self.path().join(format!("{script}.runs"))
    }
}

/// The kernel's keyring is of the user who runs the tests, and has room for few homes.
impl Drop for Home {
    fn drop(&mut self) {
        self.restart_machine();
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

/// The system's configuration file.
pub const SYSTEM_CONFIG: &str = "/etc/api-key-helper/config.toml";

/// A script that prints another key in each run: `key-1`, `key-2`, and so on.
pub const KEYS: &str = "echo key-$run";

/// A configuration with a profile and a source that are both called `main`.
#[must_use]
pub fn configuration(profile: &str, source: &str, script: &Path) -> String {
    let script = script.display();
    format!(
        "[profile.main]\nsources = [\"main\"]\n{profile}\n\n\
         [source.main]\nbackend = \"script\"\ncommand = [\"{script}\"]\n{source}\n"
    )
}

/// Where programs are looked for, `folder` first.
///
/// # Panics
/// When its path has a colon.
#[must_use]
pub fn search_path_from(folder: &Path) -> OsString {
    let others = search_path();
    let folders = [folder.to_owned()].into_iter().chain(env::split_paths(&others));
    env::join_paths(folders).expect("a folder without a colon")
}

/// Where programs are looked for.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one variable that tests take over")]
pub fn search_path() -> OsString {
    env::var_os("PATH").unwrap_or_default()
}
