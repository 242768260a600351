//! The questions of `init` for a backend, as data: the settings that a source of it needs.

/// A question, whose answer becomes a setting.
///
/// ```
/// use api_key_helper_backend::Question;
///
/// const QUESTIONS: &[Question] = &[
///     Question::text("address", "Address of the server").known_by(&["COMPANY_VAULT"]),
///     Question::text("field", "Field of the secret").offering("api_key").optional(),
///     Question::input("password", "Password"),
/// ];
/// # assert_eq!(QUESTIONS[1].offer, "api_key");
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Question {
    /// The setting, or the key in its table.
    pub key: &'static str,
    /// What is asked, without a question mark.
    pub ask: &'static str,
    /// What an answer is.
    pub kind: QuestionKind,
    /// Environment variables that offer an answer; the first one that is set does.
    pub variables: &'static [&'static str],
    /// What is offered where none is set; nothing when it is empty.
    pub offer: &'static str,
    /// Whether the setting may be left out.
    pub is_optional: bool,
}

/// What an answer is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum QuestionKind {
    /// Where a secret is, and never the secret.
    Input,
    /// One of some tables, whose key `tag` says which.
    OneOf {
        /// The key of each of the tables that names it.
        tag: &'static str,
        /// The tables.
        choices: &'static [Choice],
    },
    /// A program's path, which becomes the setting, or a line for a shell, which becomes the other
    /// one.
    Program {
        /// The setting for a shell's line.
        shell: &'static str,
    },
    /// A text.
    Text,
    /// One of some words, each with what it means.
    Word(&'static [(&'static str, &'static str)]),
    /// Words, which become a list.
    Words,
}

/// One of some tables.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Choice {
    /// The value of the table's `tag`.
    pub name: &'static str,
    /// What it means, in a few words.
    pub says: &'static str,
    /// The questions that follow. None of these is a [`QuestionKind::OneOf`].
    pub then: &'static [Question],
}

impl Question {
    /// One for a text that is needed.
    #[must_use]
    pub const fn text(key: &'static str, ask: &'static str) -> Self {
        Self { key, ask, kind: QuestionKind::Text, variables: &[], offer: "", is_optional: false }
    }

    /// One for the place of a secret.
    #[must_use]
    pub const fn input(key: &'static str, ask: &'static str) -> Self {
        Self::text(key, ask).of_kind(QuestionKind::Input)
    }

    /// With another kind of answer.
    #[must_use]
    pub const fn of_kind(self, kind: QuestionKind) -> Self {
        Self { kind, ..self }
    }

    /// With something to accept by Enter.
    #[must_use]
    pub const fn offering(self, offer: &'static str) -> Self {
        Self { offer, ..self }
    }

    /// With environment variables that offer an answer.
    #[must_use]
    pub const fn known_by(self, variables: &'static [&'static str]) -> Self {
        Self { variables, ..self }
    }

    /// That may be left out.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { is_optional: true, ..self }
    }
}

impl Choice {
    /// One with what it means, and what is asked next.
    #[must_use]
    pub const fn new(name: &'static str, says: &'static str, then: &'static [Question]) -> Self {
        Self { name, says, then }
    }
}
