//! Colour, where somebody sees it and wants it. No colour says what a word beside it does not.

use anstyle::{Ansi256Color, AnsiColor, Style};

use crate::environment::Environment;

/// How things are shown: `format!("{style}{text}{style:#}")`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Colours {
    /// What is read first.
    pub(crate) strong: Style,
    /// What is read last.
    pub(crate) faint: Style,
    pub(crate) good: Style,
    /// What somebody may want to look at.
    pub(crate) fair: Style,
    pub(crate) bad: Style,
    /// Black on white, whatever the terminal makes of these words.
    pub(crate) paper: Style,
}

impl Colours {
    /// Those for a stream. None where it is no terminal, where the terminal is a simple one, and
    /// where somebody does not want any (<https://no-color.org>).
    pub(crate) fn of(environment: &Environment, is_terminal: bool) -> Self {
        let has = |name: &str, wanted: &dyn Fn(&str) -> bool| {
            environment.variable(name).is_some_and(|value| wanted(&value.to_string_lossy()))
        };
        let is_unwanted = has("NO_COLOR", &|value| !value.is_empty());
        if !is_terminal || is_unwanted || has("TERM", &|value| value == "dumb") {
            return Self::default();
        }
        Self {
            strong: Style::new().bold(),
            faint: Style::new().dimmed(),
            good: AnsiColor::Green.on_default(),
            fair: AnsiColor::Yellow.on_default(),
            bad: AnsiColor::Red.on_default(),
            // The sixteen colours with names look as the terminal's owner likes; these do not.
            paper: Ansi256Color(16).on(Ansi256Color(231)),
        }
    }
}
