//! Processes, as the system shows them.
//!
//! The open files, the executable and the environment of a helper are visible only if it was
//! started by `integration_tests::syscalls::dumpable`.

use std::fs;
use std::path::{Path, PathBuf};

/// A process that is not our child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// The process ID.
    pub id: u32,
}

/// The index of the number of threads in [`Process::fields`].
const THREADS: usize = 17;

impl Process {
    /// Returns all processes that run `program` with this value in their environment.
    #[must_use]
    pub fn all_of(program: &Path, variable: &str, value: &Path) -> Vec<Self> {
        let mut processes = Self::all_with(variable, value);
        processes.retain(|process| process.program().as_deref() == Some(program));
        processes
    }

    /// Returns all processes with this value in their environment.
    #[must_use]
    pub fn all_with(variable: &str, value: &Path) -> Vec<Self> {
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let variable = format!("{variable}={}", value.display());
        processes
            .filter_map(|folder| Some(Self { id: folder.file_name().to_str()?.parse().ok()? }))
            .filter(|process| {
                process
                    .environment()
                    .split(|byte| *byte == 0)
                    .any(|found| found == variable.as_bytes())
            })
            .collect()
    }

    /// Returns the arguments, which are visible to all users of the machine.
    #[must_use]
    pub fn arguments(self) -> Vec<u8> {
        fs::read(self.file("cmdline")).unwrap_or_default()
    }

    /// Returns the environment at the start.
    #[must_use]
    pub fn environment(self) -> Vec<u8> {
        fs::read(self.file("environ")).unwrap_or_default()
    }

    /// Returns whether one of its threads runs. The first thread can end before the others, which
    /// keep the files and ports of the process open.
    #[must_use]
    pub fn is_running(self) -> bool {
        self.fields().is_some_and(|fields| {
            let has_ended = ["Z", "X"].contains(&&*fields[0]);
            !has_ended || fields[THREADS].parse().is_ok_and(|threads: u32| threads > 1)
        })
    }

    /// Returns whether it waits, and has this many threads.
    #[must_use]
    pub fn waits_with_threads(self, number: u32) -> bool {
        let fields = self.fields().unwrap_or_default();
        let [state, threads] = [0, THREADS].map(|field| fields.get(field).map(String::as_str));
        state == Some("S") && threads == Some(&number.to_string())
    }

    /// Returns whether a signal has stopped it.
    #[must_use]
    pub fn is_stopped(self) -> bool {
        self.fields().is_some_and(|fields| fields[0] == "T")
    }

    /// Returns whether it runs a program of this name. The kernel keeps the first 15 bytes.
    #[must_use]
    pub fn is_called(self, name: &str) -> bool {
        let kept = fs::read_to_string(self.file("comm")).unwrap_or_default();
        name[..name.len().min(15)] == *kept.trim_end()
    }

    /// Returns the parent process.
    ///
    /// # Panics
    /// The process has ended.
    #[must_use]
    pub fn parent(self) -> Self {
        Self { id: self.number(1) }
    }

    /// Returns the ID of the process group.
    ///
    /// # Panics
    /// The process has ended.
    #[must_use]
    pub fn group(self) -> u32 {
        self.number(2)
    }

    /// Returns the ID of the session.
    ///
    /// # Panics
    /// The process has ended.
    #[must_use]
    pub fn session(self) -> u32 {
        self.number(3)
    }

    /// Returns the executable.
    #[must_use]
    pub fn program(self) -> Option<PathBuf> {
        fs::read_link(self.file("exe")).ok()
    }

    /// Returns the open file with this descriptor.
    #[must_use]
    pub fn descriptor(self, number: u32) -> Option<PathBuf> {
        fs::read_link(self.file(&format!("fd/{number}"))).ok()
    }

    /// Returns the working folder.
    #[must_use]
    pub fn folder(self) -> Option<PathBuf> {
        fs::read_link(self.file("cwd")).ok()
    }

    /// Returns the open files, except for the standard streams.
    ///
    /// # Panics
    /// The process has ended.
    #[must_use]
    pub fn files(self) -> Vec<PathBuf> {
        let open = fs::read_dir(self.file("fd")).expect("its descriptors").flatten();
        let open =
            open.filter(|file| !["0", "1", "2"].iter().any(|name| file.file_name() == *name));
        open.filter_map(|file| fs::read_link(file.path()).ok()).collect()
    }

    fn number(self, field: usize) -> u32 {
        let fields = self.fields().unwrap_or_else(|| panic!("process {} is gone", self.id));
        fields[field].parse().expect("an id")
    }

    /// Returns the fields of `/proc/PID/stat` from the state on. The name before it may contain
    /// anything.
    fn fields(self) -> Option<Vec<String>> {
        let text = fs::read_to_string(self.file("stat")).ok()?;
        let (_, fields) = text.rsplit_once(')')?;
        Some(fields.split_whitespace().map(str::to_owned).collect())
    }

    fn file(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.id))
    }
}
