//! A program that tells what becomes of it.

use std::fs;
use std::path::PathBuf;

use integration_tests::call::Call;
use integration_tests::executables;
use integration_tests::home::Home;
use integration_tests::process::Process;
use integration_tests::wait::until;

/// A user of a program that runs with the key in the file `key`, which is asked for each second.
pub(crate) struct Supervised {
    pub(crate) home: Home,
}

/// Something that happened to a run of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) process: Process,
    pub(crate) what: String,
}

impl Supervised {
    pub(crate) fn new() -> Self {
        Self::with_profile("ttl = \"1s\"")
    }

    /// With these lines in the profile's table. The source refuses while there is a file `denied`.
    pub(crate) fn with_profile(profile: &str) -> Self {
        let body = "[ -e \"$HOME/denied\" ] && exit 77\ncat \"$HOME/key\"";
        let home = Home::with_settings(profile, "retries = 0", body);
        executables::write(&home.path().join("program"), include_str!("supervised.py"));
        let supervised = Self { home };
        supervised.rotate("key-1");
        supervised
    }

    /// The source gives another key from now on.
    pub(crate) fn rotate(&self, key: &str) {
        let draft = self.home.write("key.draft", key);
        fs::rename(draft, self.home.path().join("key")).unwrap();
    }

    pub(crate) fn program(&self) -> PathBuf {
        self.home.path().join("program")
    }

    /// `exec --reload` of the program.
    pub(crate) fn call(&self) -> Call {
        self.home.call(["exec", "--reload", "--"]).arg(self.program())
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        let told = fs::read_to_string(self.home.path().join("told")).unwrap_or_default();
        let event = |line: &str| {
            let (id, what) = line.split_once(' ').unwrap();
            let process = Process { id: id.parse().unwrap() };
            Event { process, what: what.to_owned() }
        };
        told.lines().map(event).collect()
    }

    /// What happened, whatever run it happened to.
    pub(crate) fn told(&self) -> Vec<String> {
        self.events().into_iter().map(|event| event.what).collect()
    }

    /// Waits until `what` has happened to a run, and gives that run.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str) -> Process {
        until(what, || {
            let found = self.events().into_iter().rfind(|event| event.what == what);
            Some(found?.process)
        })
    }
}
