//! A process in the place of Claude Code: it stays alive, and runs the helper several times.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use std::{fs, thread};

use api_key_helper_cache::rejection::{RECORDS_SUFFIX, Record};
use serde_json::{Value, json};

use crate::binaries::Binaries;
use crate::call::{Answer, Call};
use crate::executables;
use crate::wait::LIMIT;

/// A process that runs the helper as Claude Code does: by a shell line, with its own ID in the name
/// of a socket, and with a stdin that stays open. It is killed when this is dropped.
#[derive(Debug)]
pub struct FakeClient {
    call: Call,
    child: Child,
    stdin: RefCell<ChildStdin>,
    answers: Receiver<(u64, Answer)>,
    /// The results that no test has waited for yet.
    early: RefCell<BTreeMap<u64, Answer>>,
    asked: Cell<u64>,
}

/// A call of the helper whose answer has not been read.
#[derive(Debug)]
pub struct PendingCall(u64);

impl FakeClient {
    /// Starts a process that runs `call`, with Claude Code's environment.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn start(call: Call) -> Self {
        let mut command = Command::new(&Binaries::built().test_program);
        command.arg("client").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = executables::start(&mut command).expect("a process that plays the client");
        let stdin = RefCell::new(child.stdin.take().expect("its stdin"));
        let stdout = BufReader::new(child.stdout.take().expect("its stdout"));
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // A failed test does not wait for it any more.
                let _ = sender.send(read(&line));
            }
        });
        let call = call.env("CLAUDE_CODE_ENTRYPOINT", "cli");
        Self { call, child, stdin, answers, early: RefCell::default(), asked: Cell::new(0) }
    }

    /// Returns the process ID.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the call that it makes.
    #[must_use]
    pub const fn call(&self) -> &Call {
        &self.call
    }

    /// Requests the key.
    #[track_caller]
    pub fn ask(&self) -> Answer {
        self.ask_by(&self.call)
    }

    /// Requests the key by another call.
    #[track_caller]
    pub fn ask_by(&self, call: &Call) -> Answer {
        self.finish(&self.begin(call))
    }

    /// Starts a call.
    ///
    /// # Panics
    /// The process has ended.
    #[track_caller]
    pub fn begin(&self, call: &Call) -> PendingCall {
        let id = self.asked.get();
        self.asked.set(id + 1);
        let ask = json!({ "id": id, "line": call.shell_line(), "env": call.environment() });
        writeln!(self.stdin.borrow_mut(), "{ask}").expect("a process that plays the client");
        PendingCall(id)
    }

    /// Waits for the result of a call.
    ///
    /// # Panics
    /// There is none in time.
    #[track_caller]
    pub fn finish(&self, asking: &PendingCall) -> Answer {
        loop {
            if let Some(answer) = self.early.borrow_mut().remove(&asking.0) {
                return answer;
            }
            let (id, answer) = self.answers.recv_timeout(LIMIT).expect("an answer");
            self.early.borrow_mut().insert(id, answer);
        }
    }

    /// Returns the file in `folder` that records its calls.
    #[must_use]
    pub fn records_file(&self, folder: &Path) -> Option<PathBuf> {
        let start = format!("{}-", self.id());
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths = files.map(|file| file.path());
        paths.find(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            name.starts_with(&start) && name.ends_with(RECORDS_SUFFIX)
        })
    }

    /// Returns the records of its calls in `folder`.
    ///
    /// # Panics
    /// The file is damaged.
    #[must_use]
    #[track_caller]
    pub fn records(&self, folder: &Path) -> Vec<Record> {
        let Some(file) = self.records_file(folder) else { return Vec::new() };
        let (records, is_whole) = Record::decode_all(&fs::read(file).expect("the records"));
        assert!(is_whole, "the records are damaged");
        records
    }

    /// Moves the records of its calls back by `duration`.
    ///
    /// # Panics
    /// Nothing was recorded.
    #[track_caller]
    pub fn age(&self, folder: &Path, duration: Duration) {
        let mut records = self.records(folder);
        for record in &mut records {
            record.asked_at = record.asked_at.minus(duration);
            record.answered_at = record.answered_at.minus(duration);
        }
        let bytes: Vec<u8> = records.iter().flat_map(Record::encode).collect();
        fs::write(self.records_file(folder).expect("its records"), bytes).expect("older records");
    }
}

impl Drop for FakeClient {
    fn drop(&mut self) {
        // A process that has ended is only reaped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(line: &str) -> (u64, Answer) {
    let value: Value = serde_json::from_str(line).expect("a line of JSON");
    let text = |name: &str| value[name].as_str().expect("a text").to_owned();
    let number = |name: &str| value[name].as_i64().and_then(|number| i32::try_from(number).ok());
    let answer = Answer {
        line: text("line"),
        code: number("code"),
        signal: number("signal"),
        stdout: text("stdout"),
        stderr: text("stderr"),
    };
    (value["id"].as_u64().expect("a number"), answer)
}
