//! A program, what it is given, and what is said about it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use api_key_helper_backend::stderr::last_line;
use api_key_helper_backend::{CHAIN_VARIABLE, Error, ErrorKind, Secret, redact};
use api_key_helper_system::trust::quote;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{ChildStdin, Command};

use crate::executable::Executable;
use crate::exit::judge;
use crate::group::Group;
use crate::run::{End, Limit, attend};
use crate::start::{foreign_text, not_started};
use crate::streams::{OUTPUT_LIMIT, Streams};
use crate::unreadable::Unreadable;

/// What to run, and how.
pub(crate) struct Invocation {
    pub(crate) executable: Executable,
    pub(crate) arguments: Vec<String>,
    /// The rest of the command line, which the program takes apart by rules of its own. Windows
    /// alone has such a line.
    pub(crate) line: Option<String>,
    /// Beside those that are inherited.
    pub(crate) variables: BTreeMap<String, String>,
    /// Where it runs.
    pub(crate) folder: PathBuf,
    /// The source whose `shell_command` this is.
    pub(crate) shell_command_of: Option<String>,
}

impl Invocation {
    pub(crate) const fn new(
        executable: Executable,
        arguments: Vec<String>,
        folder: PathBuf,
    ) -> Self {
        let variables = BTreeMap::new();
        Self { executable, arguments, line: None, variables, folder, shell_command_of: None }
    }

    /// Runs the program with `stdin` as its only line of input, and ends it and all that it started
    /// before `time_left` is over.
    ///
    /// # Errors
    /// When it may not be run, does not end in time, prints too much, or exits with anything but 0.
    pub(crate) async fn run(
        &self,
        stdin: Option<Secret>,
        chain: &str,
        time_left: Duration,
    ) -> Result<Output<'_>, Error> {
        if time_left.is_zero() {
            return Err(Error::transient(format!("there is no time left to run {}", self.name()))
                .with_hint("give the profile a longer `deadline`"));
        }
        let limit = Limit::new(time_left);
        let file = self.executable.check()?;
        let mut command = self.command(&file, chain);
        if stdin.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut group = Group::spawn(&mut command)
            .map_err(|error| not_started(&self.executable, &file, &self.folder, &error))?;
        let pipe = group.stdin();
        let attended = tokio::select! {
            attended = attend(group, limit) => attended,
            never = feed(pipe, stdin.as_ref()) => match never {},
        };
        let (end, streams) = attended.map_err(|error| self.lost(&error))?;
        let output = Output { invocation: self, streams, stdin };
        match end {
            End::Exited(status) => match judge(status) {
                None => Ok(output),
                Some((kind, what)) => Err(self
                    .interpreter_misled(&file, status)
                    .unwrap_or_else(|| output.error(kind, &what))),
            },
            End::TimedOut(after) => Err(output.timed_out(after)),
            End::TooLong => Err(output.unreadable(&Unreadable::LongerThan { bytes: OUTPUT_LIMIT })),
        }
    }

    /// A carriage return at the end of `#!/usr/bin/env bash` or `#!/bin/sh -e` is part of the name
    /// or the option: the interpreter starts, and ends at once.
    fn interpreter_misled(&self, file: &Path, status: ExitStatus) -> Option<Error> {
        let is_misled = status.code().is_some_and(|code| MISLED.contains(&code));
        is_misled.then(|| foreign_text(&self.executable, file)).flatten()
    }

    fn command(&self, file: &Path, chain: &str) -> Command {
        let mut command = Command::new(file);
        // A program that goes by the name it is called by, as busybox does, keeps it.
        #[cfg(unix)]
        command.arg0(self.executable.path());
        command.args(&self.arguments);
        if let Some(line) = &self.line {
            #[cfg(windows)]
            command.raw_arg(line);
            #[cfg(not(windows))]
            command.arg(line);
        }
        command
            .envs(&self.variables)
            .env(CHAIN_VARIABLE, chain)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The program's name in messages. Its arguments are not shown: they may hold secrets.
    fn name(&self) -> String {
        match &self.shell_command_of {
            Some(source) => format!("the `shell_command` of source `{source}`"),
            None => format!("`{}`", quote(self.executable.path())),
        }
    }

    /// An error of `kind` whose message begins with that name.
    fn error(&self, kind: ErrorKind, what: &str) -> Error {
        let error = Error::new(kind, format!("{} {what}", self.name()));
        match &self.shell_command_of {
            Some(source) => error.about(source),
            None => error,
        }
    }

    fn by_hand(&self) -> String {
        let path = quote(self.executable.path());
        match &self.shell_command_of {
            Some(_) => format!("run the text of `shell_command` by hand in `{path}`"),
            None => format!("run `{path}` by hand"),
        }
    }

    fn lost(&self, error: &io::Error) -> Error {
        Error::transient(format!("what became of {} is not known: {error}", self.name()))
            .with_hint(self.by_hand())
    }
}

/// Exit codes of `env`, shells and Python for a program or an option that they do not know.
const MISLED: [i32; 3] = [2, 126, 127];

/// Writes `secret` as one line, and closes the pipe. A program that does not read it does not want
/// it.
async fn feed(pipe: Option<ChildStdin>, secret: Option<&Secret>) -> Infallible {
    if let (Some(mut pipe), Some(secret)) = (pipe, secret) {
        let _ = pipe.write_all(secret.expose().as_bytes()).await;
        let _ = pipe.write_all(b"\n").await;
    }
    pending().await
}

/// Neither arguments nor variables: people put into them what does not belong there.
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("executable", &self.executable)
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// What a program printed.
pub(crate) struct Output<'a> {
    invocation: &'a Invocation,
    streams: Streams,
    stdin: Option<Secret>,
}

impl Output<'_> {
    pub(crate) fn stdout(&self) -> &[u8] {
        self.streams.output()
    }

    /// The error about an output that is no key. What the program said on stderr is only of
    /// interest where it knew that it had failed.
    pub(crate) fn unreadable(&self, problem: &Unreadable) -> Error {
        let kind = problem.kind();
        let hint = problem.hint(&self.invocation.by_hand());
        if kind == ErrorKind::Transient {
            return self.error(kind, &problem.to_string()).with_hint(hint);
        }
        let problem = redact::in_text(&problem.to_string(), [self.input()]);
        self.invocation.error(kind, &problem).with_hint(hint)
    }

    fn timed_out(&self, after: Duration) -> Error {
        let after = after.as_secs_f64();
        let what = format!("was ended after {after:.1} s, when its time was over");
        let by_hand = self.invocation.by_hand();
        self.error(ErrorKind::Transient, &what)
            .with_hint(format!("give the source a longer `timeout`, or {by_hand}"))
    }

    fn error(&self, kind: ErrorKind, what: &str) -> Error {
        // What is shorter than any key is a word such as `failed`, which stderr may have as well.
        let printed = self.streams.output().trim_ascii();
        let known = [if printed.len() < SHORTEST_KEY { &[] } else { printed }, self.input()];
        let said = last_line(self.streams.tail(), &known);
        let what = redact::in_text(what, [self.input()]);
        let said = said.map_or_else(String::new, |line| format!(": {line}"));
        self.invocation
            .error(kind, &format!("{what}{said}"))
            .with_hint(format!("{} to see why", self.invocation.by_hand()))
    }

    /// What the program was given, which it may repeat.
    fn input(&self) -> &[u8] {
        self.stdin.as_ref().map_or(&[], |secret| secret.expose().as_bytes())
    }
}

/// The shortest output that may be a key, in bytes.
const SHORTEST_KEY: usize = 8;
