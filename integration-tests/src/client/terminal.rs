//! A client in a terminal.

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

    /// Returns the words on the screen, with one space between them. So text that is wrapped in a
    /// frame reads as one line.
    #[must_use]
    pub fn words(&self) -> String {
        let mut screen = Parser::new(ROWS, COLUMNS, 0);
        screen.process(&self.0.sent());
        let shown = screen.screen().contents();
        let is_frame = |character| matches!(character, '\u{2500}'..='\u{257f}');
        let words = shown.split(|c: char| c.is_whitespace() || is_frame(c));
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Waits until `words` are visible.
    #[track_caller]
    pub fn wait_for(&self, words: &str) {
        until(&format!("{words:?} is shown"), || self.words().contains(words).then_some(()));
    }

    /// Waits for the prompt, and enters a question.
    #[track_caller]
    pub fn ask(&mut self, question: &str) {
        self.wait_for(PROMPT);
        self.0.press(question);
        // A line end that arrives together with the text would count as part of it.
        self.wait_for(&format!("{PROMPT} {question}"));
        self.0.press("\r");
    }
}

/// The prompt before the input.
const PROMPT: &str = "❯";

const ROWS: NonZeroU16 = NonZeroU16::new(24).expect("a number of rows");
const COLUMNS: NonZeroU16 = NonZeroU16::new(80).expect("a number of columns");
