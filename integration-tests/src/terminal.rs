//! A terminal with its user.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::call::{Answer, Call, Running};
use crate::wait::until;

/// The streams of a program that are connected to the terminal.
#[derive(Clone, Copy, Debug)]
pub enum Streams {
    /// All of them.
    All,
    /// Only stdin and stderr; stdout is unchanged.
    InAndErr,
}

/// Returns the wrapper that runs a program in a terminal of 80 columns. Its next argument is the
/// file to which the terminal's output is written.
#[must_use]
pub fn wrapper(rows: u16, streams: Streams) -> Vec<String> {
    let streams = match streams {
        Streams::All => "012",
        Streams::InAndErr => "02",
    };
    ["python3", "-c", include_str!("terminal.py"), "80", &rows.to_string(), streams]
        .map(str::to_owned)
        .to_vec()
}

/// A program in a terminal of 80 columns and 24 rows.
#[derive(Debug)]
pub struct Terminal {
    running: Running,
    shown: PathBuf,
    /// Outside the user's home, where tests must leave nothing.
    _folder: TempDir,
}

impl Terminal {
    /// Starts `call` in a terminal.
    ///
    /// # Panics
    /// It does not start.
    #[track_caller]
    #[must_use]
    pub fn start(call: &Call, streams: Streams) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let shown = folder.path().join("shown");
        fs::write(&shown, "").expect("a file");
        let file = shown.to_str().expect("a path").to_owned();
        let running = call.clone().under(wrapper(24, streams).into_iter().chain([file])).start();
        Self { running, shown, _folder: folder }
    }

    /// Returns the raw output so far.
    ///
    /// # Panics
    /// It is not UTF-8.
    #[must_use]
    pub fn shown(&self) -> String {
        String::from_utf8(self.sent()).expect("text")
    }

    /// Returns the raw output so far, whose last character may be incomplete.
    ///
    /// # Panics
    /// It cannot be read.
    #[must_use]
    pub fn sent(&self) -> Vec<u8> {
        fs::read(&self.shown).expect("what was shown")
    }

    /// Waits until the output ends in `question`, and enters an answer.
    #[track_caller]
    pub fn answer(&mut self, question: &str, answer: &str) {
        self.wait_for(question);
        self.press(&format!("{answer}\n"));
    }

    /// Waits until the output ends in `question`, at which the cursor is.
    #[track_caller]
    pub fn wait_for(&self, question: &str) {
        let end = format!("{question}: ");
        until(&format!("{question:?} is asked"), || {
            let shown = self.shown();
            // A program that has ended asks nothing; its output explains the failure.
            assert!(self.running.process().is_running(), "{shown}");
            shown.ends_with(&end).then_some(())
        });
    }

    /// Presses keys.
    #[track_caller]
    pub fn press(&mut self, keys: &str) {
        self.running.feed(keys.as_bytes());
    }

    /// Presses Ctrl-C.
    #[track_caller]
    pub fn interrupt(&self) {
        self.running.signal(Signal::INT);
    }

    /// Waits for the end of the program. Returns the output as stderr.
    ///
    /// # Panics
    /// It does not end.
    #[track_caller]
    #[must_use]
    pub fn finish(self) -> Answer {
        let Self { running, shown, _folder } = self;
        let answer = running.finish();
        assert_eq!(answer.stderr, "", "{answer:?}");
        Answer { stderr: fs::read_to_string(shown).expect("text"), ..answer }
    }
}
