//! A measured program.

use std::cell::Cell;
use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use integration_tests::call::Call;
use integration_tests::wait::{now, since};

/// The linkage of a program, which determines its floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Static,
    Dynamic,
    /// Static, with musl instead of the machine's C library.
    Musl,
}

/// A measured program with its call.
pub(crate) struct Contestant<'a> {
    pub(crate) name: String,
    pub(crate) link: Option<Link>,
    call: Call,
    /// The variable with another value in each run.
    numbered: Option<&'static str>,
    runs: Cell<u32>,
    /// The preparation of each run, which is not measured.
    before: Box<dyn Fn() + 'a>,
    command: Command,
}

impl<'a> Contestant<'a> {
    pub(crate) fn new(name: impl Into<String>, call: Call) -> Self {
        let null =
            || Stdio::from(File::options().read(true).write(true).open("/dev/null").unwrap());
        let mut command = call.command();
        // Opened once, because only the program is measured.
        command.stdin(null()).stdout(null()).stderr(null());
        Self {
            name: name.into(),
            link: None,
            call,
            numbered: None,
            runs: Cell::new(0),
            before: Box::new(|| {}),
            command,
        }
    }

    pub(crate) fn linked(mut self, link: Link) -> Self {
        self.link = Some(link);
        self
    }

    /// Sets a variable to another value in each run.
    pub(crate) fn numbered(mut self, variable: &'static str) -> Self {
        self.numbered = Some(variable);
        self
    }

    pub(crate) fn before(mut self, before: impl Fn() + 'a) -> Self {
        self.before = Box::new(before);
        self
    }

    /// Panics unless it prints `key`: otherwise something else would be measured.
    pub(crate) fn assert_prints(self, key: &str) -> Self {
        (self.before)();
        let answer = self.call().run();
        assert_eq!((answer.code, answer.stdout.trim_end()), (Some(0), key), "{answer:?}");
        self
    }

    /// Returns the call of the next run.
    pub(crate) fn call(&self) -> Call {
        match self.number() {
            Some((variable, number)) => self.call.clone().env(variable, number),
            None => self.call.clone(),
        }
    }

    /// Returns the time of one run, from before the start of the process to after its end. The
    /// standard library starts it by `posix_spawn`.
    pub(crate) fn run(&mut self) -> Duration {
        (self.before)();
        if let Some((variable, number)) = self.number() {
            self.command.env(variable, number);
        }
        let started = now();
        let status = self.command.spawn().and_then(|mut child| child.wait());
        let time = since(started);
        assert!(status.is_ok_and(|status| status.success()), "`{}` fails", self.name);
        time
    }

    fn number(&self) -> Option<(&'static str, String)> {
        let variable = self.numbered?;
        self.runs.set(self.runs.get() + 1);
        Some((variable, self.runs.get().to_string()))
    }
}
