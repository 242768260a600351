//! Questions and answers on a terminal, one line each.
//!
//! Plain lines work in every terminal, screen reader and session log, and Ctrl-C ends them like any
//! other command.

use std::io::{self, BufRead as _};

use api_key_helper_values::Error;

use crate::environment::Environment;
use crate::report::tell;
use crate::terminal::colours::Colours;

/// A conversation with the user. All of it goes to stderr: stdout is for keys.
pub(super) struct Conversation {
    colours: Colours,
    /// Set while the cursor stands behind a question.
    is_asking: bool,
}

impl Conversation {
    pub(super) fn new(environment: &Environment) -> Self {
        Self { colours: Colours::of(environment, true), is_asking: false }
    }

    pub(super) fn say(&self, text: &str) {
        tell(text);
    }

    /// Shows an error and its hint.
    pub(super) fn complain(&self, error: &Error) {
        let bad = self.colours.bad;
        self.say(&format!("  {bad}{error:#}{bad:#}\n"));
        if let Some(hint) = error.hint() {
            self.say(&format!("  hint: {hint}\n"));
        }
    }

    /// Asks for a line, and trims it. Fails at the end of the input.
    pub(super) async fn ask(&mut self, question: &str) -> Result<String, Error> {
        loop {
            let strong = self.colours.strong;
            self.say(&format!("{strong}{question}:{strong:#} "));
            self.is_asking = true;
            // Read on another thread, so that a signal can end this process.
            let line = tokio::task::spawn_blocking(|| {
                let mut line = Vec::new();
                io::stdin().lock().read_until(b'\n', &mut line).map(|_| line)
            });
            let line = line.await.unwrap_or_else(|error| Err(error.into()));
            let line = line.ok().filter(|line| !line.is_empty()).ok_or_else(no_answer)?;
            self.is_asking = false;
            match String::from_utf8(line) {
                Ok(line) if !line.trim().contains(char::is_control) => {
                    return Ok(line.trim().to_owned());
                }
                _ => self.say("  that has something in it that is no text, such as an arrow key\n"),
            }
        }
    }

    /// Asks for one of `choices`, each a name and its description, by number or name. Enter takes
    /// `default`.
    pub(super) async fn choose<'c>(
        &mut self,
        question: &str,
        choices: &[(&'c str, &str)],
        default: &str,
    ) -> Result<&'c str, Error> {
        let width = choices.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let strong = self.colours.strong;
        let mut text = format!("{strong}{question}{strong:#}\n");
        for (number, (name, says)) in choices.iter().enumerate() {
            text += &format!("  {}  {name:<width$}  {says}\n", number + 1);
        }
        self.say(&text);
        loop {
            let answer = self.ask(&format!("Number or name [{default}]")).await?;
            let answer = if answer.is_empty() { default } else { &answer };
            let is_meant =
                |number: usize, name: &str| name == answer || answer.parse() == Ok(number + 1);
            let chosen =
                choices.iter().enumerate().find(|(number, (name, _))| is_meant(*number, name));
            match chosen {
                Some((_, (name, _))) => return Ok(name),
                None => self.say("  that is none of them\n"),
            }
        }
    }

    /// Asks a yes-or-no question. Enter means yes.
    pub(super) async fn agrees(&mut self, question: &str) -> Result<bool, Error> {
        loop {
            match &*self.ask(&format!("{question} [yes]")).await?.to_lowercase() {
                "" | "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.say("  say yes or no\n"),
            }
        }
    }
}

impl Drop for Conversation {
    /// Leaves the cursor at the start of a line, however the conversation ended.
    fn drop(&mut self) {
        if self.is_asking {
            self.say("\n");
        }
    }
}

fn no_answer() -> Error {
    Error::misconfigured("the input ended before the last question")
        .with_hint("run it again, or without questions: `api-key-helper init --backend NAME`")
}
