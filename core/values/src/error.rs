//! Errors, each an instruction about what happens next.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::visible::visible;

/// How much of stderr Claude Code shows to its user, in characters: what matters must fit.
pub const SHOWN_LENGTH: usize = 500;

/// What the engine does about an error, and the exit code that the caller sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server itself, in its own form, says no. No stale key is printed: the source's cached
    /// key is dropped and its renewal kept. Exit code 4.
    Denied,
    /// The file or the command line wants mending. Exit code 2.
    Misconfigured,
    /// Only a human can go on. Exit code 3.
    NeedsLogin,
    /// What was asked for is not there; the next source is asked. Exit code 5.
    NotFound,
    /// The API refuses the key that the source holds. Exit code 6.
    Rejected,
    /// Ask again later: it is retried, then a stale key is printed, then the next source is asked.
    /// Exit code 1.
    Transient,
}

impl ErrorKind {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Transient => 1,
            Self::Misconfigured => 2,
            Self::NeedsLogin => 3,
            Self::Denied => 4,
            Self::NotFound => 5,
            Self::Rejected => 6,
        }
    }

    /// The kind's name in logs and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Misconfigured => "misconfigured",
            Self::NeedsLogin => "needs-login",
            Self::NotFound => "not-found",
            Self::Rejected => "rejected",
            Self::Transient => "transient",
        }
    }

    /// Whether the next source of the profile is asked after this error.
    #[must_use]
    pub const fn asks_next_source(self) -> bool {
        matches!(self, Self::NotFound | Self::Transient)
    }
}

/// What went wrong, in words for a person: lower case, no full stop, names in backticks, and never
/// a secret. The hint is what to do next, with the exact command where there is one. Characters that
/// show nothing are replaced by their code, whatever text they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    retry_after: Option<Duration>,
}

impl Error {
    /// An error of `kind` that says `message`.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: visible(message), hint: None, retry_after: None }
    }

    /// [`ErrorKind::Transient`].
    #[must_use]
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Transient, message)
    }

    /// [`ErrorKind::Misconfigured`].
    #[must_use]
    pub fn misconfigured(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Misconfigured, message)
    }

    /// [`ErrorKind::NeedsLogin`].
    #[must_use]
    pub fn needs_login(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NeedsLogin, message)
    }

    /// [`ErrorKind::Denied`].
    #[must_use]
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Denied, message)
    }

    /// [`ErrorKind::NotFound`].
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// Returns the error for backend state of another backend, which alone could revoke it.
    #[must_use]
    pub fn of_another_backend() -> Self {
        Self::misconfigured("what is kept came of another `backend` of this source and cannot be revoked by this one")
            .with_hint("revoke it where it was granted, or set the old `backend` and run `logout` again before the next sign-in")
    }

    /// The same, with each of its texts as `redact` leaves it.
    #[must_use]
    pub fn redacted_by(mut self, redact: impl Fn(&str) -> String) -> Self {
        self.message = redact(&self.message);
        self.hint = self.hint.map(|hint| redact(&hint));
        self
    }

    /// The same, with the name of what it is about before the message.
    #[must_use]
    pub fn introduced_by(mut self, name: &str) -> Self {
        self.message = visible(format!("{name}: {}", self.message));
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(visible(hint));
        self
    }

    /// Says what to do next, unless the error already does: it knows its own cause better.
    #[must_use]
    pub fn or_hint(self, hint: impl Into<String>) -> Self {
        if self.hint.is_some() { self } else { self.with_hint(hint) }
    }

    /// The shortest time after which the server wants to be asked again (RFC 9110, section 10.2.3).
    #[must_use]
    pub const fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// What the engine does about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What went wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same, cut in its middle where it has more than [`SHOWN_LENGTH`] characters: what is kept
    /// of an error does not grow with what a server says.
    #[must_use]
    pub fn short_message(&self) -> String {
        shorten(&self.message, SHOWN_LENGTH)
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// How long the server asked us to wait.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The lines for stderr, complete within [`SHOWN_LENGTH`] characters: a message that is too
    /// long is cut in its middle, for its beginning says what and its end says why, and the hint
    /// stays whole.
    #[must_use]
    pub fn report(&self) -> String {
        report("error", &self.message, self.hint())
    }

    /// The same as one warning line, for an error that a fallback made up for.
    #[must_use]
    pub fn warning(&self, consequence: &str) -> String {
        report("warning", &format!("{consequence}: {}", self.message), None)
    }
}

/// Lines for stderr: `api-key-helper: LABEL: MESSAGE` and the hint.
#[must_use]
pub fn report(label: &str, message: &str, hint: Option<&str>) -> String {
    let head = format!("api-key-helper: {label}: ");
    let tail = hint.map_or_else(String::new, |hint| {
        format!("api-key-helper: hint: {}\n", shorten(&visible(hint), SHOWN_LENGTH / 2))
    });
    let room = SHOWN_LENGTH - head.chars().count() - tail.chars().count() - 1;
    format!("{head}{}\n{tail}", shorten(&visible(message), room))
}

/// Cuts the middle out of a text that has more than `room` characters.
#[must_use]
pub fn shorten(text: &str, room: usize) -> String {
    let length = text.chars().count();
    if length <= room {
        return text.to_owned();
    }
    let kept = room - 3;
    let first = kept / 2;
    let head: String = text.chars().take(first).collect();
    let tail: String = text.chars().skip(length - (kept - first)).collect();
    format!("{head}...{tail}")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_report_has_message_and_hint_on_stderr_lines() {
        let error = Error::denied("no right to read `secret/a`").with_hint("ask for `read`");
        assert_eq!(
            error.report(),
            "api-key-helper: error: no right to read `secret/a`\napi-key-helper: hint: ask for `read`\n"
        );
    }

    #[test]
    fn error_report_fits_the_500_characters_that_claude_code_shows() {
        for (message, hint) in [(10_000, 100), (10_000, 10_000), (10, 10_000), (470, 0)] {
            let error = Error::transient(format!("a{}z", "ü".repeat(message)))
                .with_hint(format!("b{}y", "h".repeat(hint)));
            let report = error.report();
            assert!(report.chars().count() <= SHOWN_LENGTH, "{}", report.chars().count());
            assert!(report.contains("error: a") && report.contains("z\n"));
            assert!(report.contains("hint: b") && report.ends_with("y\n"));
        }
    }

    #[test]
    fn error_message_escapes_control_characters_to_one_line() {
        assert_eq!(report("error", "a\nb", None), "api-key-helper: error: aU+000Ab\n");
        let error = Error::denied("no `v\u{200b}`").with_hint("a\u{9b}").introduced_by("\u{202e}");
        assert_eq!(error.message(), "U+202E: no `vU+200B`");
        assert_eq!(error.hint(), Some("aU+009B"));
    }
}
