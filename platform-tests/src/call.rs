//! A call of a program.

mod answer;
mod running;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use answer::Answer;
pub use running::Running;
#[cfg(target_os = "linux")]
pub use running::wait_for_workers;

use crate::{executables, shell};

/// A program with its arguments and its whole environment.
#[derive(Clone, Debug)]
pub struct Call {
    wrapper: Vec<OsString>,
    program: PathBuf,
    arguments: Vec<OsString>,
    variables: BTreeMap<OsString, OsString>,
    folder: PathBuf,
    input: Option<Vec<u8>>,
    shell: Option<String>,
    #[cfg(unix)]
    leads_group: bool,
}

impl Call {
    /// Returns a call of `program` in `folder`, with an empty environment.
    #[must_use]
    pub fn new(program: &Path, folder: &Path) -> Self {
        Self {
            wrapper: Vec::new(),
            program: program.to_owned(),
            arguments: Vec::new(),
            variables: BTreeMap::new(),
            folder: folder.to_owned(),
            input: None,
            shell: None,
            #[cfg(unix)]
            leads_group: false,
        }
    }

    /// Replaces the program.
    #[must_use]
    pub fn program(mut self, program: &Path) -> Self {
        program.clone_into(&mut self.program);
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Returns an environment variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// Removes an environment variable.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        self.variables.remove(OsStr::new(name));
        self
    }

    /// Sets the working folder.
    #[must_use]
    pub fn folder(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.folder);
        self
    }

    /// Sets stdin, which ends after `input`. By default, stdin stays open and empty, as in Claude
    /// Code: a program that reads it never ends.
    #[must_use]
    pub fn input(mut self, input: &[u8]) -> Self {
        self.input = Some(input.to_owned());
        self
    }

    /// Runs a shell line instead of a program with arguments.
    #[must_use]
    pub fn shell(mut self, line: &str) -> Self {
        self.shell = Some(line.to_owned());
        self
    }

    /// Makes the program the leader of a process group.
    #[cfg(unix)]
    #[must_use]
    pub const fn leads_group(mut self) -> Self {
        self.leads_group = true;
        self
    }

    /// Passes the call to another program, which runs it.
    #[must_use]
    pub fn under<A: Into<OsString>>(mut self, wrapper: impl IntoIterator<Item = A>) -> Self {
        self.wrapper = wrapper.into_iter().map(Into::into).chain(self.wrapper).collect();
        self
    }

    /// Returns the line by which a shell runs the program, or becomes it where a shell can.
    ///
    /// # Panics
    /// A word is not Unicode.
    #[must_use]
    pub fn shell_line(&self) -> String {
        let words = self.line().into_iter();
        let words = words.map(|word| shell::quote(word.to_str().expect("a word that is text")));
        let exec = if cfg!(windows) { "" } else { "exec " };
        format!("{exec}{}", words.collect::<Vec<_>>().join(" "))
    }

    /// Returns the whole environment of the program.
    ///
    /// # Panics
    /// A variable is not Unicode.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<&str, &str> {
        let text = |text| OsStr::to_str(text).expect("a variable that is text");
        self.variables.iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    /// Runs the program to its end.
    #[track_caller]
    #[must_use]
    pub fn run(&self) -> Answer {
        self.start().finish()
    }

    /// Starts the program.
    ///
    /// # Panics
    /// It does not start.
    #[track_caller]
    #[must_use]
    pub fn start(&self) -> Running {
        let line = self.shell.as_ref().map_or_else(|| self.line(), |line| vec![line.into()]);
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child =
            executables::start(&mut command).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        Running::new(child, self.input.as_deref(), format!("{line:?}"))
    }

    /// Returns the command, for callers with their own streams.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = match &self.shell {
            Some(line) => shell::command(line),
            None => self.direct(),
        };
        command.env_clear().envs(&self.variables).current_dir(&self.folder);
        #[cfg(unix)]
        if self.leads_group {
            std::os::unix::process::CommandExt::process_group(&mut command, 0);
        }
        command
    }

    fn direct(&self) -> Command {
        #[cfg(target_os = "linux")]
        let defaults = crate::signals::defaults();
        #[cfg(not(target_os = "linux"))]
        let defaults: [&str; 0] = [];
        let defaults = defaults.iter().map(OsString::from);
        let line: Vec<OsString> = defaults.chain(self.line()).collect();
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]);
        command
    }

    fn line(&self) -> Vec<OsString> {
        let program = self.program.clone().into_os_string();
        let arguments = self.arguments.iter().cloned();
        self.wrapper.iter().cloned().chain([program]).chain(arguments).collect()
    }
}
