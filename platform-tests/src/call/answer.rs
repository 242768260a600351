//! The result of a program.

use api_key_helper_values::{Key, SHOWN_LENGTH};

/// The exit status and the output of a program.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The command line.
    pub line: String,
    /// The exit code, unless a signal ended the program.
    pub code: Option<i32>,
    /// The signal that ended the program.
    pub signal: Option<i32>,
    /// The output on stdout.
    pub stdout: String,
    /// The output on stderr.
    pub stderr: String,
}

impl Answer {
    /// Returns the printed key, without a newline; stderr must be empty.
    ///
    /// # Panics
    /// The output is not a key.
    #[track_caller]
    #[must_use]
    pub fn key(self) -> String {
        self.assert_key(&self.stdout);
        let key = Key::parse(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert_eq!(key.expose(), self.stdout, "{}", self.line);
        self.stdout
    }

    /// Asserts that the output is this key, without a newline, and that stderr is empty.
    #[track_caller]
    pub fn assert_key(&self, key: &str) {
        assert_eq!((self.code, &*self.stdout, &*self.stderr), (Some(0), key, ""), "{}", self.line);
    }

    /// Asserts that the output is this key, with one warning that contains each of these words.
    #[track_caller]
    pub fn assert_warned(&self, key: &str, words: &[&str]) {
        self.assert_printed_with_warnings(key, words);
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
    }

    /// Asserts that the output is this key, with warnings only, which contain each of these words.
    #[track_caller]
    pub fn assert_printed_with_warnings(&self, key: &str, words: &[&str]) {
        assert_eq!((self.code, &*self.stdout), (Some(0), key), "{self:?}");
        let is_warning = |line: &str| line.starts_with("api-key-helper: warning: ");
        assert!(!self.stderr.is_empty() && self.stderr.lines().all(is_warning), "{self:?}");
        self.assert_said(words);
    }

    /// Asserts that nothing was printed, that the exit code is `code`, and that stderr has an error
    /// with each of these words and a hint, all within the length that Claude Code shows.
    #[track_caller]
    pub fn assert_error(&self, code: i32, words: &[&str]) {
        assert_eq!((self.code, &*self.stdout), (Some(code), ""), "{self:?}");
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 2, "{self:?}");
        assert!(lines[0].starts_with("api-key-helper: error: "), "{self:?}");
        assert!(lines[1].starts_with("api-key-helper: hint: "), "{self:?}");
        assert!(self.stderr.chars().count() <= SHOWN_LENGTH, "{self:?}");
        self.assert_said(words);
    }

    /// Asserts a success without stderr, and returns stdout.
    #[track_caller]
    pub fn assert_printed(&self) -> &str {
        assert_eq!((self.code, &*self.stderr), (Some(0), ""), "{self:?}");
        &self.stdout
    }

    #[track_caller]
    fn assert_said(&self, words: &[&str]) {
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not said: {self:?}");
        }
    }
}
