//! Errors, each an instruction about what happens next.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::hint::Hint;
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

/// A failure, in words for a user: lower case, no full stop, names in backticks, and never a secret.
/// Characters that show nothing are replaced by their code, whatever text they come from.
///
/// `{}` shows the message, and `{:#}` the message with its causes, as a user reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    /// Boxed, for each `Result` has the size of its error.
    hint: Option<Box<Hint>>,
    source_name: Option<String>,
    retry_after: Option<Duration>,
    cause: Option<Box<Cause>>,
}

/// The text of an error that caused ours, and the cause of that. The error itself is not kept: a
/// server's words can be in it, and secrets in those.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cause {
    text: String,
    cause: Option<Box<Self>>,
}

impl Error {
    /// An error of `kind` that says `message`.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: visible(message),
            hint: None,
            source_name: None,
            retry_after: None,
            cause: None,
        }
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
            .with_hint("if the old `backend` is set again before the next sign-in, `logout` revokes it")
    }

    /// The same, with each of its texts as `redact` leaves it.
    #[must_use]
    pub fn redacted_by(mut self, redact: impl Fn(&str) -> String) -> Self {
        self.message = redact(&self.message);
        self.hint = self.hint.map(|hint| Box::new(hint.redacted_by(&redact)));
        let mut cause = self.cause.as_deref_mut();
        while let Some(Cause { text, cause: next }) = cause {
            *text = redact(text);
            cause = next.as_deref_mut();
        }
        self
    }

    /// The same, with `place` and `: ` in front of the message.
    #[must_use]
    pub fn introduced_by(mut self, place: &str) -> Self {
        self.message = visible(format!("{place}: {}", self.message));
        self
    }

    /// The same about the source `name`, which the message names.
    #[must_use]
    pub fn about(mut self, name: impl Into<String>) -> Self {
        self.source_name = Some(name.into());
        self
    }

    /// The same about the source `name`, with that in front of the message. An error that is about a
    /// source already stays as it is: it knows better.
    #[must_use]
    pub fn or_about(self, name: &str) -> Self {
        if self.source_name.is_some() {
            return self;
        }
        self.introduced_by(&format!("source `{name}`")).about(name)
    }

    /// Keeps what caused it: the message is followed by `: ` and the texts of `cause` and its sources.
    #[must_use]
    pub fn with_cause(mut self, cause: &dyn std::error::Error) -> Self {
        self.cause = Some(Box::new(Cause::new(cause)));
        self
    }

    /// Adds `; ` and a clause behind the message and its causes, which become one text.
    #[must_use]
    pub fn with_note(mut self, note: &str) -> Self {
        self.message = visible(format!("{self:#}; {note}"));
        self.cause = None;
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Hint>) -> Self {
        self.hint = Some(Box::new(hint.into()));
        self
    }

    /// Says what to do next, unless the error already does: it knows its own cause better.
    #[must_use]
    pub fn or_hint(self, hint: impl Into<Hint>) -> Self {
        if self.hint.is_some() { self } else { self.with_hint(hint) }
    }

    /// The same, whose hint's command has these options: those by which it means the same
    /// configuration and profile as the call that failed.
    #[must_use]
    pub fn with_options(mut self, options: &[String]) -> Self {
        self.hint = self.hint.map(|hint| Box::new(hint.with_options(options)));
        self
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

    /// What went wrong, without its causes.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What went wrong and why, cut in its middle where that has more than [`SHOWN_LENGTH`]
    /// characters: what is kept of an error does not grow with what a server says.
    #[must_use]
    pub fn short_text(&self) -> String {
        shorten(&format!("{self:#}"), SHOWN_LENGTH)
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<&Hint> {
        self.hint.as_deref()
    }

    /// The name of the source that it is about, where that is known.
    #[must_use]
    pub fn source_name(&self) -> Option<&str> {
        self.source_name.as_deref()
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
        let hint = self.hint().map(ToString::to_string);
        report("error", &format!("{self:#}"), hint.as_deref())
    }

    /// The same as one warning line, for an error that a fallback made up for.
    #[must_use]
    pub fn warning(&self, consequence: &str) -> String {
        report("warning", &format!("{consequence}: {self:#}"), None)
    }
}

impl Cause {
    fn new(error: &dyn std::error::Error) -> Self {
        let cause = error.source().map(|cause| Box::new(Self::new(cause)));
        Self { text: visible(error.to_string()), cause }
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
        f.write_str(&self.message)?;
        let mut cause = self.cause.as_deref().filter(|_| f.alternate());
        while let Some(Cause { text, cause: next }) = cause {
            write!(f, ": {text}")?;
            cause = next.as_deref();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

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
        let error = Error::denied("no `v\u{200b}`")
            .with_hint(Hint::new("a\u{9b}").with_command(["\u{7f}"]))
            .with_cause(&std::io::Error::other("b\u{feff}"))
            .or_about("\u{202e}");
        assert_eq!(format!("{error:#}"), "source `U+202E`: no `vU+200B`: bU+FEFF");
        assert_eq!(error.hint().unwrap().to_string(), "aU+009B `api-key-helper U+007F`");
    }

    #[test]
    fn transient_error_lists_its_causes_after_the_message() {
        let inner = Error::transient("no answer").with_cause(&std::io::Error::other("reset"));
        let error = Error::transient("cannot ask `v`").with_cause(&inner).with_hint("wait");
        assert_eq!(error.to_string(), "cannot ask `v`");
        assert_eq!(format!("{error:#}"), "cannot ask `v`: no answer: reset");
        assert!(
            error.report().starts_with("api-key-helper: error: cannot ask `v`: no answer: reset\n")
        );
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), "no answer");
        assert_eq!(cause.source().unwrap().to_string(), "reset");
        assert!(cause.source().unwrap().source().is_none());
    }

    #[test]
    fn transient_error_note_follows_its_causes() {
        let error = Error::transient("cannot ask `v`")
            .with_cause(&std::io::Error::other("reset"))
            .with_retry_after(Duration::from_secs(1))
            .with_note("sign in once");
        assert_eq!(format!("{error:#}"), "cannot ask `v`: reset; sign in once");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
    }

    #[test]
    fn transient_error_about_a_source_keeps_its_name() {
        let error = Error::transient("`sso` is down").about("sso").or_about("outer");
        assert_eq!((error.message(), error.source_name()), ("`sso` is down", Some("sso")));
        let error = Error::transient("down").or_about("sso").or_about("outer");
        assert_eq!((error.message(), error.source_name()), ("source `sso`: down", Some("sso")));
    }

    #[test]
    fn denied_error_is_redacted_in_every_text() {
        let cause = Error::transient("b hunter2").with_cause(&std::io::Error::other("c hunter2"));
        let error = Error::denied("a hunter2")
            .with_hint(Hint::new("d hunter2").with_command(["e", "hunter2"]))
            .with_cause(&cause)
            .redacted_by(|text| text.replace("hunter2", "*"));
        assert_eq!(format!("{error:#}"), "a *: b *: c *");
        assert_eq!(error.hint().unwrap().to_string(), "d * `api-key-helper e *`");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
