//! Runs real programs.

mod answers;
mod checks;
mod endings;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, UNIX_EPOCH};

use api_key_helper_backend::testing::{Clock, FakeEngine};
use api_key_helper_backend::{
    Credential, Error, ErrorKind, Secret, SecretInput, SourceTable, Variables,
};
use tempfile::TempDir;

/// Longer than any test takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of programs, which is also that of the configuration.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Without symbolic links, as programs see it.
    fn path(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    /// Writes a script for `sh`.
    fn script(&self, name: &str, body: &str) -> PathBuf {
        self.program(name, &format!("#!/bin/sh\n{body}\n"))
    }

    /// Writes a program. Another process does it: the test threads start programs all the time, and
    /// each would hold on to a file that is open for writing here, which then cannot be executed.
    fn program(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path().join(name);
        let mut writer = Command::new("/bin/sh")
            .args(["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh"])
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        writer.stdin.take().unwrap().write_all(content.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
        path
    }

    /// A named pipe.
    fn pipe(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        // macOS has no `mkfifoat`.
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    /// A named pipe whose lines are received, until all who have it open for writing have ended.
    fn lines(&self, name: &str) -> Lines {
        let path = self.pipe(name);
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(fs::File::open(path).unwrap()).lines() {
                let _ = sender.send(line.unwrap());
            }
        });
        Lines(receiver)
    }

    fn table(&self, text: &str) -> SourceTable {
        SourceTable::from_toml("s", text, &self.path(), Variables::new()).unwrap()
    }

    async fn fetch(&self, text: &str) -> Result<Credential, Error> {
        self.fetch_within(text, PATIENCE).await
    }

    async fn fetch_within(&self, text: &str, time_left: Duration) -> Result<Credential, Error> {
        let backend = crate::build(&self.table(text)).unwrap();
        let mut engine = FakeEngine::default();
        engine.clock = Clock::Stopped(UNIX_EPOCH + Duration::from_secs(1_900_000_000));
        engine.time = time_left;
        engine.chain = "outer,s".to_owned();
        engine.give(SecretInput::Source("sso".to_owned()), "the-key-of-sso");
        engine.fetch(backend.as_ref()).await
    }

    async fn read_secret(&self, command: &[&str]) -> Result<Secret, Error> {
        let command: Vec<String> = command.iter().map(ToString::to_string).collect();
        crate::read_secret(&command, &self.path(), "s", PATIENCE).await
    }

    /// The key that a script prints.
    async fn key(&self, body: &str) -> String {
        self.script("gen.sh", body);
        let credential = self.fetch("command = ['gen.sh']").await;
        credential.unwrap().key.expose().to_owned()
    }

    /// The error that comes of a script.
    async fn error(&self, body: &str) -> Error {
        self.script("gen.sh", body);
        self.fetch("command = ['gen.sh']").await.unwrap_err()
    }
}

/// What processes wrote to a named pipe.
struct Lines(Receiver<String>);

impl Lines {
    fn next(&self) -> String {
        self.0.recv_timeout(PATIENCE).unwrap()
    }

    /// All further lines: comes back when no process can write any more.
    fn rest(&self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.0.recv_timeout(PATIENCE) {
                Ok(line) => lines.push(line),
                Err(RecvTimeoutError::Disconnected) => return lines,
                Err(error) => panic!("{error}: a process lives on, after {lines:?}"),
            }
        }
    }
}

#[track_caller]
fn assert_error(error: &Error, kind: ErrorKind, message: &str, hint: &str) {
    assert_eq!(error.kind(), kind, "{error:?}");
    assert!(error.message().contains(message), "{error:?}");
    assert!(error.hint().unwrap().to_string().contains(hint), "{error:?}");
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
