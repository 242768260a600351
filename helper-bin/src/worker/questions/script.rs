//! A program of one's own.

use super::{Kind, Question};

pub(crate) const QUESTIONS: &[Question] = &[Question {
    kind: Kind::Program { shell: "shell_command" },
    ..Question::text("command", "Program that prints the key: its path, or a line for the shell")
}];
