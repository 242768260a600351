//! Colours, for terminals that show them. A colour never says more than the word beside it.

use anstyle::{Ansi256Color, AnsiColor, Style};

use crate::environment::Environment;

/// The styles of a text: `format!("{style}{text}{style:#}")`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Colours {
    /// The most important text.
    pub(crate) strong: Style,
    /// The least important text.
    pub(crate) faint: Style,
    pub(crate) good: Style,
    /// Text that may need attention.
    pub(crate) fair: Style,
    pub(crate) bad: Style,
    /// Black on white, independent of the terminal's theme.
    pub(crate) paper: Style,
}

impl Colours {
    /// The colours for a stream. None for a stream that is no terminal, for `TERM=dumb`, and with
    /// `NO_COLOR` (<https://no-color.org>).
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
            // The terminal's theme redefines the sixteen named colours, but not these two.
            paper: Ansi256Color(16).on(Ansi256Color(231)),
        }
    }
}
