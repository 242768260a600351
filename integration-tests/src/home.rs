//! A user with their own home folder and script sources.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use platform_tests::home as platform;

use crate::binaries::Binaries;
use crate::breakpoint::Breakpoint;
use crate::call::Call;
use crate::executables;
use crate::install;
use crate::process::Process;
use crate::syscalls::dumpable;

/// A home folder, without any variable or file of the user who runs the tests.
#[derive(Debug, Default)]
pub struct Home {
    home: platform::Home,
    is_dumpable: AtomicBool,
}

impl Home {
    /// Makes an empty home.
    ///
    /// # Panics
    /// It cannot be made, or this machine has a system-wide configuration.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a home with a profile and a source, both called `main`; `body` is the source's script.
    #[must_use]
    pub fn with_script(body: &str) -> Self {
        Self::with_settings("", "", body)
    }

    /// Makes the same home, with more lines in the tables of the profile and of the source.
    #[must_use]
    pub fn with_settings(profile: &str, source: &str, body: &str) -> Self {
        let home = Self::new();
        let script = home.script("main", body);
        home.configure(&configuration(profile, source, &script));
        home
    }

    /// Lets tests look into the user's helpers from now on; see [`dumpable`]. Without it,
    /// [`Process`] does not see the programs, environments and owners of helpers.
    pub fn make_dumpable(&self) {
        self.is_dumpable.store(true, Ordering::Relaxed);
    }

    /// Returns `call`, which tests can look into if that is enabled.
    pub(crate) fn seen(&self, call: Call) -> Call {
        if self.is_dumpable.load(Ordering::Relaxed) { dumpable(call) } else { call }
    }

    /// Writes an executable shell script. It counts its runs: `$run` is the number of the current
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

    /// Returns the processes of a script's runs.
    ///
    /// # Panics
    /// The list of runs is damaged.
    #[must_use]
    pub fn processes(&self, script: &str) -> Vec<Process> {
        let runs = fs::read_to_string(self.runs_file(script)).unwrap_or_default();
        runs.lines().map(|id| Process { id: id.parse().expect("a process id") }).collect()
    }

    /// Makes a breakpoint for scripts.
    #[must_use]
    pub fn breakpoint(&self) -> Breakpoint {
        Breakpoint::new(&self.path().join("breakpoint"))
    }

    /// Returns a call of the front by this user.
    #[must_use]
    pub fn helper(&self) -> Call {
        self.seen(self.call_of(&Binaries::built().front))
    }

    /// Returns a call of `program` by this user.
    #[must_use]
    pub fn call_of(&self, program: &Path) -> Call {
        self.home.call_of(program).env("PATH", search_path())
    }

    /// Returns a call of the front with these arguments.
    #[must_use]
    pub fn call<A: Into<OsString>>(&self, arguments: impl IntoIterator<Item = A>) -> Call {
        self.helper().args(arguments)
    }
}

impl Deref for Home {
    type Target = platform::Home;

    fn deref(&self) -> &platform::Home {
        &self.home
    }
}

/// The system's configuration file.
pub const SYSTEM_CONFIG: &str = "/etc/api-key-helper/config.toml";

/// A script that prints another key in each run: `key-1`, `key-2`, and so on.
pub const KEYS: &str = "echo key-$run";

/// Returns a configuration with a profile and a source, both called `main`.
///
/// # Panics
/// The path of the script is not Unicode.
#[must_use]
pub fn configuration(profile: &str, source: &str, script: &Path) -> String {
    platform::configuration(profile, source, &[platform::text(script.as_os_str())])
}

/// Returns the search path of programs, `folder` first.
///
/// # Panics
/// The path of `folder` contains a colon.
#[must_use]
pub fn search_path_from(folder: &Path) -> OsString {
    let others = search_path();
    let folders = [folder.to_owned()].into_iter().chain(env::split_paths(&others));
    env::join_paths(folders).expect("a folder without a colon")
}

/// Returns the `PATH` of programs: that of the tests, then the programs that they installed.
///
/// # Panics
/// The path of the target folder contains a colon.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one variable that tests take over")]
pub fn search_path() -> OsString {
    let folders = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&folders).chain([install::programs()]);
    env::join_paths(folders).expect("a folder without a colon")
}
