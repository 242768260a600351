//! A terminal, and somebody who sits in front of it.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::call::{Answer, Call, Running};
use crate::wait::until;

/// Which streams of a program are the terminal.
#[derive(Clone, Copy, Debug)]
pub enum Streams {
    /// All of them.
    All,
    /// stdin and stderr; stdout stays as it is.
    InAndErr,
}

/// What runs a program in a terminal of 80 columns. Its next argument is the file that all goes to
/// which is shown there.
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

/// A program that runs in a terminal of 80 columns and 24 rows.
#[derive(Debug)]
pub struct Terminal {
    running: Running,
    shown: PathBuf,
    /// Not in the user's home: nothing is left there by the test.
    _folder: TempDir,
}

impl Terminal {
    /// Starts `call` in one.
    ///
    /// # Panics
    /// When that fails.
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

    /// What was shown so far, as it was sent.
    ///
    /// # Panics
    /// When it is no text.
    #[must_use]
    pub fn shown(&self) -> String {
        String::from_utf8(self.sent()).expect("text")
    }

    /// The same, where its last character may still be on its way.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn sent(&self) -> Vec<u8> {
        fs::read(&self.shown).expect("what was shown")
    }

    /// Waits until what is shown ends in `question`, and types an answer and Enter.
    #[track_caller]
    pub fn answer(&mut self, question: &str, answer: &str) {
        self.wait_for(question);
        self.press(&format!("{answer}\n"));
    }

    /// Waits until what is shown ends in `question`, behind which the cursor stands.
    #[track_caller]
    pub fn wait_for(&self, question: &str) {
        let end = format!("{question}: ");
        until(&format!("{question:?} is asked"), || {
            let shown = self.shown();
            // A program that has ended asks no more: what it said is worth reading.
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

    /// Waits for its end. What was shown is what it said.
    ///
    /// # Panics
    /// When that does not come.
    #[track_caller]
    #[must_use]
    pub fn finish(self) -> Answer {
        let Self { running, shown, _folder } = self;
        let answer = running.finish();
        assert_eq!(answer.stderr, "", "{answer:?}");
        Answer { stderr: fs::read_to_string(shown).expect("text"), ..answer }
    }
}
