//! A client that a person sits in front of.

use std::num::NonZeroU16;

use vt100::Parser;

use crate::call::Call;
use crate::terminal::{self, Streams};
use crate::wait::until;

/// A terminal with one process of the client in it.
#[derive(Debug)]
pub struct Terminal(terminal::Terminal);

impl Terminal {
    pub(super) fn start(call: &Call) -> Self {
        Self(terminal::Terminal::start(call, Streams::All))
    }

    /// The words on the screen, with one space between them: what stands in a frame, and is
    /// wrapped there, reads as it was written.
    #[must_use]
    pub fn words(&self) -> String {
        let mut screen = Parser::new(ROWS, COLUMNS, 0);
        screen.process(&self.0.sent());
        let shown = screen.screen().contents();
        let is_frame = |character| matches!(character, '\u{2500}'..='\u{257f}');
        let words = shown.split(|c: char| c.is_whitespace() || is_frame(c));
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Waits until `words` stand there.
    #[track_caller]
    pub fn wait_for(&self, words: &str) {
        until(&format!("{words:?} is shown"), || self.words().contains(words).then_some(()));
    }

    /// Waits until it can be asked, and asks.
    #[track_caller]
    pub fn ask(&mut self, question: &str) {
        self.wait_for(PROMPT);
        self.0.press(question);
        // A line end that comes with the text would be taken for a part of it.
        self.wait_for(&format!("{PROMPT} {question}"));
        self.0.press("\r");
    }
}

/// Stands before what is typed.
const PROMPT: &str = "❯";

const ROWS: NonZeroU16 = NonZeroU16::new(24).expect("a number of rows");
const COLUMNS: NonZeroU16 = NonZeroU16::new(80).expect("a number of columns");
