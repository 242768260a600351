//! A user with their own home folder.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use api_key_helper_cache::KernelKeyring;
use api_key_helper_system::Places;
use serde_json::to_string;
use tempfile::TempDir;

use crate::binaries::Binaries;
use crate::call::Call;
use crate::executables;
use crate::shell;
use crate::state::State;

/// A home folder, without any variable or file of the user who runs the tests.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

impl Home {
    /// Makes an empty home.
    ///
    /// # Panics
    /// It cannot be made, or this machine has a system-wide configuration.
    #[must_use]
    pub fn new() -> Self {
        let home = Self { folder: private_folder() };
        let system = home.places().system_config;
        assert!(!system.exists(), "`{}` has a say in every test", system.display());
        home
    }

    /// Makes a home with a profile and a source, both called `main`; the source's program executes
    /// these [steps](Self::program).
    #[must_use]
    pub fn with_source(steps: &str) -> Self {
        Self::with_settings("", "", steps)
    }

    /// Makes the same home, with more lines in the tables of the profile and of the source.
    #[must_use]
    pub fn with_settings(profile: &str, source: &str, steps: &str) -> Self {
        let home = Self::new();
        let command = home.program("main", steps);
        home.configure(&configuration(profile, source, &command));
        home
    }

    /// Returns the path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the user's configuration file.
    ///
    /// # Panics
    /// The environment does not determine it.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.places().user_config
    }

    /// Writes the user's configuration.
    pub fn configure(&self, text: &str) {
        self.write(self.config_file(), text);
    }

    /// Writes a file that only its owner can read. A relative path is relative to this home.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder around it")).expect("that folder");
        fs::write(&path, text).expect("the file's content");
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("the file's mode");
        path
    }

    /// Returns the command of a program that executes these steps (see `src/bin/test-program.rs`)
    /// and counts its runs.
    #[must_use]
    pub fn program(&self, name: &str, steps: &str) -> Vec<String> {
        let program = self.test_program();
        let steps = self.write(format!("{name}.steps"), steps);
        [&program, Path::new("steps"), &steps].map(|word| text(word.as_os_str())).to_vec()
    }

    /// Returns the program that plays all parts, in a folder of this user.
    #[must_use]
    pub fn test_program(&self) -> PathBuf {
        let from = &Binaries::built().test_program;
        let copy = self.path().join(from.file_name().expect("a name"));
        if !copy.exists() {
            executables::copy(from, &copy);
        }
        copy
    }

    /// Returns the number of runs of a program.
    #[must_use]
    pub fn runs(&self, program: &str) -> usize {
        let runs = fs::read_to_string(self.runs_file(program)).unwrap_or_default();
        runs.lines().count()
    }

    /// Returns the file with a line for each run of a program: the process ID.
    #[must_use]
    pub fn runs_file(&self, program: &str) -> PathBuf {
        self.path().join(format!("{program}.runs"))
    }

    /// Returns a call of the front by this user.
    #[must_use]
    pub fn helper(&self) -> Call {
        self.call_of(&Binaries::built().front)
    }

    /// Returns a call of `program` by this user.
    #[must_use]
    pub fn call_of(&self, program: &Path) -> Call {
        let call = Call::new(program, self.path());
        self.variables().into_iter().fold(call, |call, (name, value)| call.env(name, value))
    }

    /// Returns a call of the front with these arguments.
    #[must_use]
    pub fn call<A: Into<OsString>>(&self, arguments: impl IntoIterator<Item = A>) -> Call {
        self.helper().args(arguments)
    }

    /// Returns a call of the shell with this line, as clients make it.
    #[must_use]
    pub fn shell(&self, line: &str) -> Call {
        self.call_of(Path::new("")).shell(line)
    }

    /// Returns the state folder.
    ///
    /// # Panics
    /// The environment does not determine it.
    #[must_use]
    pub fn state(&self) -> State {
        let Places { state, keys, .. } = self.places();
        State::new(state, keys)
    }

    /// Removes the keys from the kernel's keyring, as a restart of the machine does.
    pub fn restart_machine(&self) {
        KernelKeyring::of(self.state().key_file()).forget();
    }

    fn places(&self) -> Places {
        let variables = self.variables();
        let variable = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| value.clone())
        };
        Places::find(None, &variable).expect("a home")
    }

    /// Returns the environment that the system gives a user.
    #[cfg(not(windows))]
    fn variables(&self) -> Vec<(&'static str, OsString)> {
        vec![("HOME", self.path().into()), ("PATH", taken_over("PATH"))]
    }

    /// Returns the environment that the system gives a user.
    #[cfg(windows)]
    fn variables(&self) -> Vec<(&'static str, OsString)> {
        let folders = [
            ("USERPROFILE", ""),
            ("APPDATA", r"AppData\Roaming"),
            ("LOCALAPPDATA", r"AppData\Local"),
            ("TEMP", ""),
            ("TMP", ""),
        ];
        let folders = folders.map(|(name, below)| (name, self.path().join(below).into()));
        // Sockets need the first variable; the others lead to programs.
        let taken = ["SystemRoot", "SystemDrive", "ComSpec", "PATH", "PATHEXT"];
        folders.into_iter().chain(taken.map(|name| (name, taken_over(name)))).collect()
    }
}

/// The kernel's keyring belongs to the user who runs the tests, and has room for few homes.
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

#[cfg(unix)]
fn private_folder() -> TempDir {
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    tempfile::Builder::new().permissions(private).tempdir().expect("a folder")
}

/// On Windows, the folder of temporary files belongs to the user.
#[cfg(windows)]
fn private_folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A program that prints another key in each run: `key-1`, `key-2`, and so on.
pub const KEYS: &str = "print key-{run}";

/// Returns a configuration with a profile and a source, both called `main`.
#[must_use]
pub fn configuration(profile: &str, source: &str, command: &[String]) -> String {
    let command = array(command);
    format!(
        "[profile.main]\nsources = [\"main\"]\n{profile}\n\n\
         [source.main]\nbackend = \"script\"\ncommand = {command}\n{source}\n"
    )
}

/// Returns these words as a TOML array.
///
/// # Panics
/// Never: they are strings.
#[must_use]
pub fn array(words: &[String]) -> String {
    // TOML accepts the escapes of JSON.
    let words = words.iter().map(|word| to_string(word).expect("text"));
    format!("[{}]", words.collect::<Vec<_>>().join(", "))
}

/// Returns a path or a variable as a string.
///
/// # Panics
/// It is not Unicode.
#[must_use]
pub fn text(words: &OsStr) -> String {
    words.to_str().expect("text").to_owned()
}

#[expect(clippy::disallowed_methods, reason = "the few variables that tests take over")]
fn taken_over(name: &str) -> OsString {
    env::var_os(name).unwrap_or_default()
}

/// Returns a shell line that runs a program with these words.
#[must_use]
pub fn line(words: &[String]) -> String {
    words.iter().map(|word| shell::quote(word)).collect::<Vec<_>>().join(" ")
}
