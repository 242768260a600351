//! Processes as the system shows them.

use std::fs;
use std::path::{Path, PathBuf};

/// A process that is not our child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub id: u32,
}

impl Process {
    /// All that run `program` with this value in their environment.
    #[must_use]
    pub fn all_of(program: &Path, variable: &str, value: &Path) -> Vec<Self> {
        let mut processes = Self::all_with(variable, value);
        processes.retain(|process| process.program().as_deref() == Some(program));
        processes
    }

    /// All that have this value in their environment, whatever they run.
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

    /// Its arguments, as everybody on the machine can read them.
    #[must_use]
    pub fn arguments(self) -> Vec<u8> {
        fs::read(self.file("cmdline")).unwrap_or_default()
    }

    /// Its environment, as it began.
    #[must_use]
    pub fn environment(self) -> Vec<u8> {
        fs::read(self.file("environ")).unwrap_or_default()
    }

    /// Whether it is there, and not just waiting to be reaped.
    #[must_use]
    pub fn is_running(self) -> bool {
        self.fields().is_some_and(|fields| fields[0] != "Z" && fields[0] != "X")
    }

    /// Whether it waits for something, with this many threads.
    #[must_use]
    pub fn waits_with_threads(self, number: u32) -> bool {
        let fields = self.fields().unwrap_or_default();
        let [state, threads] = [0, 17].map(|field| fields.get(field).map(String::as_str));
        state == Some("S") && threads == Some(&number.to_string())
    }

    /// Whether a signal made it stand still.
    #[must_use]
    pub fn is_stopped(self) -> bool {
        self.fields().is_some_and(|fields| fields[0] == "T")
    }

    /// Its parent.
    ///
    /// # Panics
    /// When the process is gone.
    #[must_use]
    pub fn parent(self) -> Self {
        Self { id: self.number(1) }
    }

    /// The id of its process group.
    ///
    /// # Panics
    /// When the process is gone.
    #[must_use]
    pub fn group(self) -> u32 {
        self.number(2)
    }

    /// The id of its session.
    ///
    /// # Panics
    /// When the process is gone.
    #[must_use]
    pub fn session(self) -> u32 {
        self.number(3)
    }

    /// The file that it runs.
    #[must_use]
    pub fn program(self) -> Option<PathBuf> {
        fs::read_link(self.file("exe")).ok()
    }

    /// What is open under a number.
    #[must_use]
    pub fn descriptor(self, number: u32) -> Option<PathBuf> {
        fs::read_link(self.file(&format!("fd/{number}"))).ok()
    }

    fn number(self, field: usize) -> u32 {
        let fields = self.fields().unwrap_or_else(|| panic!("process {} is gone", self.id));
        fields[field].parse().expect("an id")
    }

    /// The fields of `/proc/PID/stat` from the state on: the name before it may hold anything.
    fn fields(self) -> Option<Vec<String>> {
        let text = fs::read_to_string(self.file("stat")).ok()?;
        let (_, fields) = text.rsplit_once(')')?;
        Some(fields.split_whitespace().map(str::to_owned).collect())
    }

    fn file(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.id))
    }
}
