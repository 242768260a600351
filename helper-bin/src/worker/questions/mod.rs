//! What `init` asks for each backend, as data: the settings that a source of it needs.

#![cfg_attr(
    not(all(feature = "oidc", feature = "script", feature = "vault")),
    expect(dead_code, reason = "each of these has a kind of question of its own")
)]

#[cfg(feature = "aws")]
pub(crate) mod aws;
#[cfg(feature = "exchange")]
pub(crate) mod exchange;
#[cfg(feature = "oidc")]
pub(crate) mod oidc;
#[cfg(feature = "script")]
pub(crate) mod script;
#[cfg(feature = "vault")]
pub(crate) mod vault;

/// A question, whose answer becomes a setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    /// The setting, or the key in its table.
    pub(crate) key: &'static str,
    /// What is asked, without a question mark.
    pub(crate) ask: &'static str,
    pub(crate) kind: Kind,
    /// Environment variables that offer an answer; the first one that is set does.
    pub(crate) variables: &'static [&'static str],
    /// What is offered where none is set; nothing when it is empty.
    pub(crate) offer: &'static str,
    /// Whether the setting may be left out.
    pub(crate) is_optional: bool,
}

/// What an answer is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Where a secret is, and never the secret.
    Input,
    /// One of some tables, whose key `tag` says which.
    OneOf { tag: &'static str, choices: &'static [Choice] },
    /// A program's path, which becomes the setting, or a line for a shell, which becomes the other
    /// one.
    Program { shell: &'static str },
    /// A text.
    Text,
    /// One of some words, each with what it means.
    Word(&'static [(&'static str, &'static str)]),
    /// Words, which become a list.
    Words,
}

/// One of some tables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) name: &'static str,
    /// What it means, in a few words.
    pub(crate) says: &'static str,
    /// What is asked next. None of these is a [`Kind::OneOf`].
    pub(crate) then: &'static [Question],
}

impl Question {
    /// One for a text that is needed.
    pub(crate) const fn text(key: &'static str, ask: &'static str) -> Self {
        Self { key, ask, kind: Kind::Text, variables: &[], offer: "", is_optional: false }
    }

    /// One for the place of a secret.
    pub(crate) const fn input(key: &'static str, ask: &'static str) -> Self {
        Self { kind: Kind::Input, ..Self::text(key, ask) }
    }

    /// With something to accept by Enter.
    pub(crate) const fn offering(self, offer: &'static str) -> Self {
        Self { offer, ..self }
    }

    /// With environment variables that offer an answer.
    pub(crate) const fn known_by(self, variables: &'static [&'static str]) -> Self {
        Self { variables, ..self }
    }

    /// That may be left out.
    pub(crate) const fn optional(self) -> Self {
        Self { is_optional: true, ..self }
    }
}
