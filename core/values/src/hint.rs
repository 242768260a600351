//! The next step after an error.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{SHOWN_LENGTH, shorten};
use crate::visible::visible;

/// The next step for the user: words, and at their end a command of this program where one helps.
///
/// The command has no option for the configuration or the profile: the program adds those of the call
/// that failed. A command of another program is a part of the words, in backticks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    text: String,
    command: Option<Vec<String>>,
}

impl Hint {
    /// A hint without a command.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: visible(text), command: None }
    }

    /// Ends the hint with the command `words`: those behind the program's name, each quoted as the
    /// user's shell wants it.
    #[must_use]
    pub fn with_command<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.command = Some(words.into_iter().map(visible).collect());
        self
    }

    /// The same, with `text` and `; ` in front of it.
    #[must_use]
    pub fn preceded_by(mut self, text: &str) -> Self {
        self.text = visible(format!("{text}; {}", self.text));
        self
    }

    /// The words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The words of the command, without the program's name.
    #[must_use]
    pub fn command(&self) -> Option<&[String]> {
        self.command.as_deref()
    }

    /// The same, with its words cut in their middle where they have more than [`SHOWN_LENGTH`]
    /// characters.
    #[must_use]
    pub fn shortened(&self) -> Self {
        Self { text: shorten(&self.text, SHOWN_LENGTH), command: self.command.clone() }
    }

    /// The same, with `options` in front of the command's words.
    pub(crate) fn with_options(mut self, options: &[String]) -> Self {
        if let Some(command) = &mut self.command {
            command.splice(0..0, options.iter().map(visible));
        }
        self
    }

    pub(crate) fn redacted_by(self, redact: &impl Fn(&str) -> String) -> Self {
        let redact_all = |words: Vec<String>| words.iter().map(|word| redact(word)).collect();
        Self { text: redact(&self.text), command: self.command.map(redact_all) }
    }
}

/// The words, and the command in backticks.
impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.command {
            Some(words) => write!(f, " `api-key-helper {}`", words.join(" ")),
            None => Ok(()),
        }
    }
}

impl From<&str> for Hint {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hint_command_line_has_options_before_the_command() {
        let options = ["--profile".to_owned(), "work".to_owned()];
        let hint = Hint::new("run").with_command(["login", "--source", "sso"]);
        assert_eq!(hint.to_string(), "run `api-key-helper login --source sso`");
        let hint = hint.with_options(&options);
        assert_eq!(hint.to_string(), "run `api-key-helper --profile work login --source sso`");
        let hint = Hint::new("run `vault login`").with_options(&options);
        assert_eq!(hint.to_string(), "run `vault login`");
    }
}
