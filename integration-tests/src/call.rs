//! One run of a program, from outside.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::binaries::Binaries;
use crate::executables;
use crate::process::Process;
use crate::signals;
use crate::wait::{LIMIT, until};

/// A program with its arguments and all of its environment.
#[derive(Clone, Debug)]
pub struct Call {
    wrapper: Vec<OsString>,
    program: PathBuf,
    arguments: Vec<OsString>,
    variables: BTreeMap<OsString, OsString>,
    folder: PathBuf,
    input: Option<Vec<u8>>,
    leads_group: bool,
}

impl Call {
    /// A call of `program` in `folder`, with an empty environment.
    #[must_use]
    pub fn new(program: &Path, folder: &Path) -> Self {
        Self {
            wrapper: Vec::new(),
            program: program.to_owned(),
            arguments: Vec::new(),
            variables: BTreeMap::new(),
            folder: folder.to_owned(),
            input: None,
            leads_group: false,
        }
    }

    /// With another program.
    #[must_use]
    pub fn program(mut self, program: &Path) -> Self {
        program.clone_into(&mut self.program);
        self
    }

    /// With one argument more.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// With more arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// With an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// An environment variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// Without an environment variable.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        self.variables.remove(OsStr::new(name));
        self
    }

    /// In another folder.
    #[must_use]
    pub fn folder(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.folder);
        self
    }

    /// With something on stdin, and its end. Otherwise stdin stays open and empty, as Claude Code's
    /// does: whoever reads it never ends.
    #[must_use]
    pub fn input(mut self, input: &[u8]) -> Self {
        self.input = Some(input.to_owned());
        self
    }

    /// As the leader of a process group.
    #[must_use]
    pub const fn leads_group(mut self) -> Self {
        self.leads_group = true;
        self
    }

    /// As the arguments of another program, which runs it.
    #[must_use]
    pub fn under<A: Into<OsString>>(mut self, wrapper: impl IntoIterator<Item = A>) -> Self {
        self.wrapper = wrapper.into_iter().map(Into::into).chain(self.wrapper).collect();
        self
    }

    /// The line by which a shell becomes the program.
    pub(crate) fn shell_line(&self) -> String {
        let line = self.wrapper.iter().cloned().chain([self.program.clone().into()]);
        let words = line.chain(self.arguments.iter().cloned()).map(|word| {
            let word = word.into_string().expect("a word that is text");
            format!("'{}'", word.replace('\'', r"'\''"))
        });
        format!("exec {}", words.collect::<Vec<_>>().join(" "))
    }

    /// All of the program's environment.
    pub(crate) fn environment(&self) -> BTreeMap<&str, &str> {
        let text = |text| OsStr::to_str(text).expect("a variable that is text");
        self.variables.iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    /// Runs it to its end.
    #[track_caller]
    #[must_use]
    pub fn run(&self) -> Answer {
        self.start().finish()
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    #[must_use]
    pub fn start(&self) -> Running {
        let line = self.line();
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child =
            executables::start(&mut command).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        Running::new(child, self.input.as_deref(), format!("{line:?}"))
    }

    /// The same for whoever has streams of their own for it.
    #[must_use]
    pub fn command(&self) -> Command {
        let defaults = signals::defaults().iter().map(OsString::from);
        let line: Vec<OsString> = defaults.chain(self.line()).collect();
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).env_clear().envs(&self.variables).current_dir(&self.folder);
        if self.leads_group {
            command.process_group(0);
        }
        command
    }

    fn line(&self) -> Vec<OsString> {
        let program = self.program.clone().into_os_string();
        let arguments = self.arguments.iter().cloned();
        self.wrapper.iter().cloned().chain([program]).chain(arguments).collect()
    }
}

/// A program that runs. It is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    line: String,
    id: u32,
    handle: OwnedFd,
    stdin: Option<ChildStdin>,
    output: Receiver<io::Result<Output>>,
}

impl Running {
    fn new(mut child: Child, input: Option<&[u8]>, line: String) -> Self {
        let id = child.id();
        // Opened before anybody reaps the child: no signal reaches a stranger.
        let pid = Pid::from_raw(id.cast_signed()).expect("a process id");
        let handle = pidfd_open(pid, PidfdFlags::empty()).expect("a handle of the process");
        let mut stdin = child.stdin.take();
        if let (Some(input), Some(mut pipe)) = (input, stdin.take_if(|_| input.is_some())) {
            // Whoever does not read it does not want it.
            let _ = pipe.write_all(input);
        }
        let (sender, output) = channel();
        // Nobody waits for it any more when the test has failed.
        thread::spawn(move || sender.send(child.wait_with_output()));
        Self { line, id, handle, stdin, output }
    }

    /// The process.
    #[must_use]
    pub const fn process(&self) -> Process {
        Process { id: self.id }
    }

    /// Writes something more to its stdin, which was left open.
    ///
    /// # Panics
    /// When nobody reads it.
    #[track_caller]
    pub fn feed(&mut self, input: &[u8]) {
        let stdin = self.stdin.as_mut().expect("an open stdin");
        stdin.write_all(input).unwrap_or_else(|error| panic!("{}: {error}", self.line));
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it has ended.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        pidfd_send_signal(&self.handle, signal)
            .unwrap_or_else(|error| panic!("{}: {error}", self.line));
    }

    /// Waits for its end, and that of all that it printed.
    ///
    /// # Panics
    /// When that does not come.
    #[track_caller]
    #[must_use]
    pub fn finish(self) -> Answer {
        let Ok(output) = self.output.recv_timeout(LIMIT) else {
            panic!("{} runs for {LIMIT:?}, or something keeps its stdout open", self.line);
        };
        let output = output.expect("the program's output");
        Answer {
            line: self.line.clone(),
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended needs no signal.
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
        drop(self.stdin.take());
    }
}

/// Waits until each of `calls` has become the worker, is done with all that it does at once, and has
/// begun to wait: for the source, or for somebody who asks it. A worker's second thread is the one
/// that keeps its deadline.
///
/// # Panics
/// When that does not come.
#[track_caller]
pub fn wait_for_workers(calls: &[Running]) {
    let worker = Binaries::built().worker.canonicalize().expect("the worker's real path");
    let mut others: Vec<Process> = calls.iter().map(Running::process).collect();
    until("all of them have begun to wait", || {
        others.retain(|process| {
            process.program().as_ref() != Some(&worker) || !process.waits_with_threads(2)
        });
        others.is_empty().then_some(())
    });
}

/// What a program left behind.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How it was called.
    pub line: String,
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Answer {
    /// It printed this key, without a newline, and said nothing.
    #[track_caller]
    pub fn assert_key(&self, key: &str) {
        assert_eq!((self.code, &*self.stdout, &*self.stderr), (Some(0), key, ""), "{}", self.line);
    }

    /// It printed this key, and said one line of warning with each of these words in it.
    #[track_caller]
    pub fn assert_warned(&self, key: &str, words: &[&str]) {
        self.assert_printed_with_warnings(key, words);
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
    }

    /// It printed this key, and said nothing but warnings, with each of these words in them.
    #[track_caller]
    pub fn assert_printed_with_warnings(&self, key: &str, words: &[&str]) {
        assert_eq!((self.code, &*self.stdout), (Some(0), key), "{self:?}");
        let is_warning = |line: &str| line.starts_with("api-key-helper: warning: ");
        assert!(!self.stderr.is_empty() && self.stderr.lines().all(is_warning), "{self:?}");
        self.assert_said(words);
    }

    /// It printed nothing, ended with this exit code, and said an error with each of these words in
    /// it, and what to do, all within what Claude Code shows.
    #[track_caller]
    pub fn assert_error(&self, code: i32, words: &[&str]) {
        assert_eq!((self.code, &*self.stdout), (Some(code), ""), "{self:?}");
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 2, "{self:?}");
        assert!(lines[0].starts_with("api-key-helper: error: "), "{self:?}");
        assert!(lines[1].starts_with("api-key-helper: hint: "), "{self:?}");
        assert!(self.stderr.chars().count() <= api_key_helper_core::SHOWN_LENGTH, "{self:?}");
        self.assert_said(words);
    }

    /// It ended well, and printed something for a person or a program to read.
    #[track_caller]
    pub fn assert_printed(&self) -> &str {
        assert_eq!((self.code, &*self.stderr), (Some(0), ""), "{self:?}");
        &self.stdout
    }

    #[track_caller]
    fn assert_said(&self, words: &[&str]) {
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not said: {self:?}");
        }
    }
}
