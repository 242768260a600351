//! A program when it has ended.

use api_key_helper_values::{Key, SHOWN_LENGTH};

/// What a program left behind.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How it was called.
    pub line: String,
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Answer {
    /// The key that it printed, without a newline, having said nothing.
    ///
    /// # Panics
    /// When what it printed is no key.
    #[track_caller]
    #[must_use]
    pub fn key(self) -> String {
        self.assert_key(&self.stdout);
        let key = Key::parse(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert_eq!(key.expose(), self.stdout, "{}", self.line);
        self.stdout
    }

    /// It printed this key, without a newline, and said nothing.
    #[track_caller]
    pub fn assert_key(&self, key: &str) {
        assert_eq!((self.code, &*self.stdout, &*self.stderr), (Some(0), key, ""), "{}", self.line);
    }

    /// It printed this key, and said one line of warning with each of these words in it.
    #[track_caller]
    pub fn assert_warned(&self, key: &str, words: &[&str]) {
        self.assert_printed_with_warnings(key, words);
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
    }

    /// It printed this key, and said nothing but warnings, with each of these words in them.
    #[track_caller]
    pub fn assert_printed_with_warnings(&self, key: &str, words: &[&str]) {
        assert_eq!((self.code, &*self.stdout), (Some(0), key), "{self:?}");
        let is_warning = |line: &str| line.starts_with("api-key-helper: warning: ");
        assert!(!self.stderr.is_empty() && self.stderr.lines().all(is_warning), "{self:?}");
        self.assert_said(words);
    }

    /// It printed nothing, ended with this exit code, and said an error with each of these words in
    /// it, and what to do, all within what Claude Code shows.
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

    /// It ended well, and printed something for a person or a program to read.
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
