//! The program that is run, and why it was not.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

use api_key_helper_core::{Error, Key, trust};

use crate::inherited::Inherited;
use crate::own_failure::BEFORE_A_PROGRAM;

/// A program with its arguments, which no shell looks at.
pub(super) struct Program<'a> {
    pub(super) words: &'a [OsString],
    /// The variables that hold the key.
    pub(super) variables: &'a [String],
    pub(super) inherited: &'a Inherited,
}

/// Why no program ran, with the exit code that says so.
pub(super) struct NotRun {
    pub(super) error: Error,
    pub(super) code: u8,
}

impl Program<'_> {
    /// Becomes the program: its process is this one, with the caller's terminal, signals and streams.
    /// It returns only when that fails.
    #[cfg(unix)]
    pub(super) fn become_it(&self, key: &Key) -> Result<ExitCode, NotRun> {
        use std::os::unix::process::CommandExt as _;

        Err(self.not_run(&self.command(key).exec()))
    }

    /// Windows cannot replace a process: the program is a child, and its exit code is passed on. Not
    /// tried.
    #[cfg(not(unix))]
    pub(super) fn become_it(&self, key: &Key) -> Result<ExitCode, NotRun> {
        let status = self.command(key).status().map_err(|error| self.not_run(&error))?;
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        Ok(ExitCode::from(code.unwrap_or(1)))
    }

    /// The program with this key. Nothing of ours is open in it, and but for the key all that it has is
    /// the caller's.
    pub(super) fn command(&self, key: &Key) -> Command {
        let (name, arguments) = self.words.split_first().unwrap_or((&NO_NAME, &[]));
        let mut command = Command::new(name);
        command.args(arguments);
        for variable in self.variables {
            command.env(variable, key.expose());
        }
        self.inherited.hand_to(&mut command);
        command
    }

    /// The codes are those of shells (POSIX.1-2024, 2.8.2): 127 for what is not there, 126 for what is
    /// and does not run.
    pub(super) fn not_run(&self, error: &io::Error) -> NotRun {
        let name = trust::quote(Path::new(self.words.first().unwrap_or(&NO_NAME)));
        if error.kind() == io::ErrorKind::NotFound {
            let error = Error::misconfigured(format!("cannot run `{name}`: it is not there"))
                .with_hint("write its absolute path, or look at `PATH`");
            return NotRun { error, code: 127 };
        }
        let error = Error::misconfigured(format!("cannot run `{name}`: {error}"))
            .with_hint(format!("look at it with `ls -ld {name}`"));
        NotRun { error, code: 126 }
    }
}

impl From<Error> for NotRun {
    fn from(error: Error) -> Self {
        Self { error, code: BEFORE_A_PROGRAM }
    }
}

static NO_NAME: OsString = OsString::new();
