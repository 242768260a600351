//! The client's report of a failed helper.

use integration_tests::call::Answer;
use integration_tests::client::Terminal;

/// The visible result of a helper that fails repeatedly in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The helper's exit code.
    pub(crate) code: i32,
    /// The stderr: an error, and a hint.
    pub(crate) lines: [String; 2],
}

impl Failure {
    /// Returns the reason why a client with one question ended. Nothing else is on its screen.
    #[track_caller]
    pub(crate) fn said_by(answer: &Answer) -> Self {
        assert_eq!(answer.code, Some(1), "{answer:?}");
        assert!(answer.stdout.starts_with(OWN_WORDS), "{answer:?}");
        let lines: Vec<&str> = answer.stderr.lines().collect();
        let [error, hint, ..] = lines[..] else { panic!("{answer:?}") };
        // Each run of the helper is shown.
        assert!(lines.chunks(2).all(|run| run == [error, hint]), "{answer:?}");
        let error = error.strip_prefix(FAILED).unwrap_or_else(|| panic!("{answer:?}"));
        Self::read(error, hint)
    }

    /// Returns the reason why a client in a terminal waits for its user. Nothing else of the helper
    /// is shown.
    #[track_caller]
    pub(crate) fn shown_on(terminal: &Terminal) -> Self {
        let words = terminal.words();
        assert!(words.contains(OWN_WORDS), "{words}");
        assert_eq!(words.matches("api-key-helper: ").count(), 2, "{words}");
        let (_, shown) = words.split_once(FAILED).unwrap_or_else(|| panic!("{words}"));
        // The client joins the two lines by a space. The next part of its screen begins with a
        // sign.
        let shown = shown.split(['◐', '❯']).next().unwrap_or_default().trim_end();
        let (error, hint) = shown.split_once(" api-key-helper: hint: ").expect("two lines");
        Self::read(error, &format!("api-key-helper: hint: {hint}"))
    }

    #[track_caller]
    fn read(error: &str, hint: &str) -> Self {
        let (code, error) = error.split_once(": ").expect("an exit code");
        assert!(error.starts_with("api-key-helper: error: "), "{error}");
        assert!(hint.starts_with("api-key-helper: hint: "), "{hint}");
        let code = code.parse().expect("an exit code");
        Self { code, lines: [error.to_owned(), hint.to_owned()] }
    }

    /// Asserts that it names the source, and says that the API refuses its key.
    #[track_caller]
    pub(crate) fn assert_rejected(&self, source: &str) {
        assert_eq!(self.code, 6, "{self:?}");
        let error = &self.lines[0];
        assert!(
            error.contains(&format!("the API refuses the key of source `{source}`")),
            "{error}"
        );
    }
}

/// The client's own words for it.
const OWN_WORDS: &str = "Your apiKeyHelper script is failing";
/// The client's text before the helper's.
const FAILED: &str = "apiKeyHelper failed: exited ";
