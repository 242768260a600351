//! Errors, which tell the caller what to do next.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::hint::Hint;
use crate::text::TextError;
use crate::visible::visible;

/// The number of characters of stderr that Claude Code shows to its user: the important part must
/// fit.
pub const SHOWN_LENGTH: usize = 500;

/// The kind of an error: it decides what the engine does, and the exit code of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server refuses, in its own format. No stale key is printed: the source's cached key is
    /// dropped, and its renewal is kept. Exit code 4.
    Denied,
    /// The configuration or the command line is wrong. Exit code 2.
    Misconfigured,
    /// The user must log in. Exit code 3.
    NeedsLogin,
    /// The requested object does not exist; the next source is asked. Exit code 5.
    NotFound,
    /// The API refuses the source's key. Exit code 6.
    Rejected,
    /// A temporary failure: it is retried, then a stale key is printed, then the next source is
    /// asked. Exit code 1.
    Transient,
}

impl ErrorKind {
    /// Returns the exit code of the process.
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

    /// Returns the name in logs and JSON.
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

    /// Returns whether the next source of the profile is asked after this error.
    #[must_use]
    pub const fn asks_next_source(self) -> bool {
        matches!(self, Self::NotFound | Self::Transient)
    }
}

/// A failure, in words for a user: lower case, no full stop, names in backticks, and never a
/// secret. Invisible characters are replaced by their code, wherever they come from.
///
/// `{}` shows the message, and `{:#}` the message with its causes, as a user reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    /// Boxed, because a `Result` is as large as its error.
    hint: Option<Box<Hint>>,
    source_name: Option<String>,
    text_error: Option<TextError>,
    retry_after: Option<Duration>,
    cause: Option<Box<Cause>>,
}

/// The text of an error that caused ours, and its own cause. The error itself is not kept: it may
/// contain a server's text, with secrets in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cause {
    text: String,
    cause: Option<Box<Self>>,
}

impl Error {
    /// Returns an error of `kind` with this message.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: visible(message),
            hint: None,
            source_name: None,
            text_error: None,
            retry_after: None,
            cause: None,
        }
    }

    /// Returns an error of kind [`ErrorKind::Transient`].
    #[must_use]
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Transient, message)
    }

    /// Returns an error of kind [`ErrorKind::Misconfigured`].
    #[must_use]
    pub fn misconfigured(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Misconfigured, message)
    }

    /// Returns an error of kind [`ErrorKind::NeedsLogin`].
    #[must_use]
    pub fn needs_login(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NeedsLogin, message)
    }

    /// Returns an error of kind [`ErrorKind::Denied`].
    #[must_use]
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Denied, message)
    }

    /// Returns an error of kind [`ErrorKind::NotFound`].
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// Returns the error for the state of another backend, which only that backend could revoke.
    #[must_use]
    pub fn of_another_backend() -> Self {
        Self::misconfigured("what is kept came of another `backend` of this source and cannot be revoked by this one")
            .with_hint("if the old `backend` is set again before the next sign-in, `logout` revokes it")
    }

    /// Applies `redact` to each of the texts.
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

    /// Puts `place` and `: ` before the message.
    #[must_use]
    pub fn introduced_by(mut self, place: &str) -> Self {
        self.message = visible(format!("{place}: {}", self.message));
        self
    }

    /// Sets the source, whose name is in the message.
    #[must_use]
    pub fn about(mut self, name: impl Into<String>) -> Self {
        self.source_name = Some(name.into());
        self
    }

    /// Sets the source, and puts its name before the message. An error about another source stays
    /// the same, because it is more precise.
    #[must_use]
    pub fn or_about(self, name: &str) -> Self {
        if self.source_name.is_some() {
            return self;
        }
        self.introduced_by(&format!("source `{name}`")).about(name)
    }

    /// Sets the reason why a text from outside is invalid.
    pub(crate) fn with_text_error(mut self, error: TextError) -> Self {
        self.text_error = Some(error);
        self
    }

    /// Sets the cause: `: ` and the texts of `cause` and its sources follow the message.
    #[must_use]
    pub fn with_cause(mut self, cause: &dyn std::error::Error) -> Self {
        self.cause = Some(Box::new(Cause::new(cause)));
        self
    }

    /// Appends `; ` and a clause to the message and its causes, which become one text.
    #[must_use]
    pub fn with_note(mut self, note: &str) -> Self {
        self.message = visible(format!("{self:#}; {note}"));
        self.cause = None;
        self
    }

    /// Sets the hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Hint>) -> Self {
        self.hint = Some(Box::new(hint.into()));
        self
    }

    /// Sets the hint, unless there is one: it knows the cause better.
    #[must_use]
    pub fn or_hint(self, hint: impl Into<Hint>) -> Self {
        if self.hint.is_some() { self } else { self.with_hint(hint) }
    }

    /// Adds these options to the command of the hint, so that it uses the configuration and the
    /// profile of the failed call.
    #[must_use]
    pub fn with_options(mut self, options: &[String]) -> Self {
        self.hint = self.hint.map(|hint| Box::new(hint.with_options(options)));
        self
    }

    /// Sets the time until the server accepts another request (RFC 9110, section 10.2.3).
    #[must_use]
    pub const fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the message without its causes.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the message with its causes, shortened in the middle to [`SHOWN_LENGTH`] characters,
    /// so that a saved error does not grow with a server's text.
    #[must_use]
    pub fn short_text(&self) -> String {
        shorten(&format!("{self:#}"), SHOWN_LENGTH)
    }

    /// Returns the hint.
    #[must_use]
    pub fn hint(&self) -> Option<&Hint> {
        self.hint.as_deref()
    }

    /// Returns the name of the source, if it is known.
    #[must_use]
    pub fn source_name(&self) -> Option<&str> {
        self.source_name.as_deref()
    }

    /// Returns the reason why a text from outside is invalid, where that is the error: the text was
    /// found, and another one in its place fixes it.
    #[must_use]
    pub const fn text_error(&self) -> Option<TextError> {
        self.text_error
    }

    /// Returns the wait that the server requested.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Returns the lines for stderr, with at most [`SHOWN_LENGTH`] characters. A long message is
    /// shortened in the middle, because its beginning and its end matter most; the hint stays
    /// whole.
    #[must_use]
    pub fn report(&self) -> String {
        let hint = self.hint().map(ToString::to_string);
        report("error", &format!("{self:#}"), hint.as_deref())
    }

    /// Returns the error as one line of warning, after a fallback.
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

/// Returns lines for stderr: `api-key-helper: LABEL: MESSAGE` and the hint.
#[must_use]
pub fn report(label: &str, message: &str, hint: Option<&str>) -> String {
    let head = format!("api-key-helper: {label}: ");
    let tail = hint.map_or_else(String::new, |hint| {
        format!("api-key-helper: hint: {}\n", shorten(&visible(hint), SHOWN_LENGTH / 2))
    });
    let room = SHOWN_LENGTH - head.chars().count() - tail.chars().count() - 1;
    format!("{head}{}\n{tail}", shorten(&visible(message), room))
}

/// Removes the middle of a text with more than `room` characters.
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
