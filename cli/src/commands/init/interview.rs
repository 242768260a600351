//! Asks a backend's questions, and turns the answers into settings.

use std::collections::BTreeMap;
use std::path::Path;

use api_key_helper_backend::{Choice, Question, QuestionKind, Registration};
use api_key_helper_values::Error;

use super::conversation::Conversation;
use super::trial::Trial;
use crate::backends::configuration;
use crate::environment::Environment;
use crate::settings::{Settings, Value};

/// An interview. An earlier answer is offered when its question is asked again.
pub(super) struct Interview<'a> {
    environment: &'a Environment,
    answered: BTreeMap<String, String>,
}

impl<'a> Interview<'a> {
    pub(super) fn new(environment: &'a Environment) -> Self {
        Self { environment, answered: BTreeMap::new() }
    }

    /// Asks all questions of `backend`. Each answer is checked in the configuration before the next
    /// question. Fails at the end of the input, or if the configuration is invalid with any answer.
    pub(super) async fn settings(
        &mut self,
        talk: &mut Conversation,
        backend: &Registration,
        trial: &Trial<'_>,
    ) -> Result<Settings, Error> {
        let mut settings = Settings::default();
        // If the environment or the system's file is invalid, no answer can fix it.
        trial.check(&configuration(backend, &settings))?;
        talk.say("\n");
        for question in backend.questions {
            settings = loop {
                let answered = self.setting(talk, question, &settings).await?;
                match trial.check(&configuration(backend, &answered)) {
                    Ok(()) => break answered,
                    Err(error) => {
                        self.forget(question.key);
                        talk.complain(&error);
                    }
                }
            };
        }
        Ok(settings)
    }

    /// Drops a wrong answer, so that it is not offered again.
    fn forget(&mut self, key: &str) {
        let inner = format!("{key}.");
        self.answered.retain(|path, _| path != key && !path.starts_with(&inner));
    }

    /// Adds the answer to `question` to `settings`.
    async fn setting(
        &mut self,
        talk: &mut Conversation,
        question: &Question,
        settings: &Settings,
    ) -> Result<Settings, Error> {
        let settings = settings.clone();
        Ok(match question.kind {
            QuestionKind::OneOf { tag, choices } => {
                let table = self.table(talk, question, tag, choices).await?;
                settings.with(question.key, Some(&table))
            }
            QuestionKind::Program { shell } => {
                let line = self.line(talk, question, question.key).await?;
                let line = line.unwrap_or_default();
                let (command, shell_command) = match program(&line) {
                    Some(path) => (Some(Value::List(vec![path])), None),
                    None => (None, Some(Value::Text(line))),
                };
                let settings = settings.with(question.key, command.as_ref());
                settings.with(shell, shell_command.as_ref())
            }
            QuestionKind::Word(words) => {
                let default = self.offer(question, question.key).unwrap_or_default();
                let word = talk.choose(question.ask, words, &default).await?.to_owned();
                self.answered.insert(question.key.to_owned(), word.clone());
                settings.with(question.key, Some(&Value::Text(word)))
            }
            _ => {
                let value = self.value(talk, question, question.key).await?;
                settings.with(question.key, value.as_ref())
            }
        })
    }

    async fn table(
        &mut self,
        talk: &mut Conversation,
        question: &Question,
        tag: &'static str,
        choices: &[Choice],
    ) -> Result<Value, Error> {
        let names: Vec<_> = choices.iter().map(|choice| (choice.name, choice.says)).collect();
        let default = self.offer(question, question.key).unwrap_or_default();
        let name = talk.choose(question.ask, &names, &default).await?;
        self.answered.insert(question.key.to_owned(), name.to_owned());
        let mut table = vec![(tag, Value::Text(name.to_owned()))];
        let then = choices.iter().find(|choice| choice.name == name).map(|choice| choice.then);
        for inner in then.unwrap_or_default() {
            let path = format!("{}.{}", question.key, inner.key);
            if let Some(value) = self.value(talk, inner, &path).await? {
                table.push((inner.key, value));
            }
        }
        Ok(Value::Table(table))
    }

    async fn value(
        &mut self,
        talk: &mut Conversation,
        question: &Question,
        path: &str,
    ) -> Result<Option<Value>, Error> {
        loop {
            let Some(line) = self.line(talk, question, path).await? else { return Ok(None) };
            match question.kind {
                QuestionKind::Words => {
                    return Ok(Some(Value::List(
                        line.split_whitespace().map(Into::into).collect(),
                    )));
                }
                QuestionKind::Input => match self.input(&line) {
                    Ok(value) => return Ok(Some(value)),
                    Err(error) => {
                        // The answer may be the secret itself, so it is not offered again.
                        self.forget(path);
                        talk.complain(&error);
                    }
                },
                _ => return Ok(Some(Value::Text(line))),
            }
        }
    }

    /// The typed or offered answer; `None` leaves the setting out.
    async fn line(
        &mut self,
        talk: &mut Conversation,
        question: &Question,
        path: &str,
    ) -> Result<Option<String>, Error> {
        let offer = self.offer(question, path);
        let what = match question.kind {
            QuestionKind::Input => ", by the name of a variable or the /path of a file",
            _ => "",
        };
        let skip = if question.is_optional { ", - for none" } else { "" };
        let offered = offer.as_deref().map(|offer| format!(" [{offer}]")).unwrap_or_default();
        loop {
            let line = talk.ask(&format!("{}{what}{skip}{offered}", question.ask)).await?;
            let line = match (&*line, &offer) {
                ("-", _) if question.is_optional => String::new(),
                ("", Some(offer)) => offer.clone(),
                _ => line,
            };
            if line.is_empty() && !question.is_optional {
                talk.say("  that is needed\n");
                continue;
            }
            self.answered.insert(path.to_owned(), line.clone());
            return Ok(Some(line).filter(|line| !line.is_empty()));
        }
    }

    /// The answer that Enter takes: an earlier answer, a variable, or the usual value.
    fn offer(&self, question: &Question, path: &str) -> Option<String> {
        if let Some(answer) = self.answered.get(path) {
            return Some(answer.clone()).filter(|answer| !answer.is_empty());
        }
        let set = |name: &&str| {
            let value = self.environment.variable(name)?.into_string().ok()?;
            let is_shown = !value.is_empty() && !value.contains(char::is_control);
            // Of a secret, only the variable's name is shown.
            let is_input = matches!(question.kind, QuestionKind::Input);
            is_shown.then(|| if is_input { (*name).to_owned() } else { value })
        };
        let usual = Some(question.offer.to_owned()).filter(|offer| !offer.is_empty());
        question.variables.iter().find_map(set).or(usual)
    }

    /// The place of a secret. An answer that is neither a set variable nor a file may be the secret
    /// itself: it is neither shown nor written.
    fn input(&self, line: &str) -> Result<Value, Error> {
        let (key, is_there) = if Path::new(line).is_absolute() {
            ("file", Path::new(line).is_file())
        } else {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            ("env", line.chars().all(is_name) && self.environment.variable(line).is_some())
        };
        if is_there {
            return Ok(Value::Table(vec![(key, Value::Text(line.to_owned()))]));
        }
        Err(Error::misconfigured("that is neither a variable that is set here nor a file")
            .with_hint("the secret itself is written nowhere: say where it is"))
    }
}

/// The absolute path of the program, if `line` is only a path.
fn program(line: &str) -> Option<String> {
    let path = std::path::absolute(line).ok()?;
    // A path that does not exist yet, or is misspelt, is recognized by having no character that a
    // shell interprets.
    let plain = if cfg!(windows) { r"\/:._-+@" } else { "/._-+@" };
    let is_plain = |c: char| c.is_alphanumeric() || plain.contains(c);
    let is_path = Path::new(line).is_absolute() && line.chars().all(is_plain);
    (is_path || path.is_file()).then(|| path.into_os_string().into_string().ok())?
}
