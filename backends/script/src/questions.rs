//! A program of one's own.

use api_key_helper_backend::{Question, QuestionKind};

/// What `init` asks.
pub(crate) const QUESTIONS: &[Question] =
    &[Question::text("command", "Program that prints the key: its path, or a line for the shell")
        .of_kind(QuestionKind::Program { shell: "shell_command" })];
