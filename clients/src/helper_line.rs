//! The shell line that a client runs to get a key.

#[cfg(any(windows, test))]
mod cmd;
#[cfg(not(windows))]
mod posix;

use std::fmt;
use std::path::Path;

#[cfg(windows)]
use cmd as platform;
#[cfg(not(windows))]
use posix as platform;

/// A shell line, split into words. `Debug` shows none of them: a line may contain a key.
#[derive(Clone, PartialEq, Eq)]
pub struct HelperLine {
    line: String,
    /// The program replaces the shell that runs the line.
    pub has_exec: bool,
    /// The program, as the line names it.
    pub program: String,
    /// The arguments of the program.
    pub arguments: Vec<String>,
}

/// A path that is not Unicode, or that the shell cannot quote. It cannot be part of a settings
/// file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotText;

impl HelperLine {
    /// Splits a line into words; `None` if there are none, or if a quote is not closed. The shell's
    /// operators and expansions count as ordinary words.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = platform::split(line)?.into_iter().peekable();
        let has_exec = words.next_if(|word| word == EXEC).is_some();
        let program = words.next()?;
        Some(Self { line: line.to_owned(), has_exec, program, arguments: words.collect() })
    }

    /// Returns the line that runs api-key-helper at `program`, an absolute path.
    ///
    /// # Errors
    /// A path is not Unicode, or cannot be quoted.
    pub fn ours(
        program: &Path,
        profile: Option<&str>,
        config: Option<&Path>,
    ) -> Result<String, NotText> {
        Self::with_format(program, profile, config, None)
    }

    /// Returns the line that runs api-key-helper at `program` and prints the key in `format`.
    ///
    /// # Errors
    /// A path is not Unicode, or cannot be quoted.
    pub fn with_format(
        program: &Path,
        profile: Option<&str>,
        config: Option<&Path>,
        format: Option<&str>,
    ) -> Result<String, NotText> {
        let program = program.to_str().filter(|text| platform::can_be_quoted(text));
        let mut line = platform::command(program.ok_or(NotText)?);
        for (option, value) in [
            (PROFILE, profile),
            (CONFIG, config.map(|path| path.to_str().ok_or(NotText)).transpose()?),
            (FORMAT, format),
        ] {
            if let Some(value) = value {
                if !platform::can_be_quoted(value) {
                    return Err(NotText);
                }
                line.push_str(&format!(" {option} {}", platform::argument(value)));
            }
        }
        Ok(line)
    }

    /// Returns whether the line runs api-key-helper to print a key, and does nothing else. With
    /// another command, a pipe, or an option that does not belong to `get`, the line is the user's
    /// own.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        let program = Path::new(&self.program);
        if !platform::is_front(program) {
            return false;
        }
        // The words do not show whether an operator was quoted, unless we wrote the line.
        let is_written_by_us =
            Self::with_format(program, self.profile(), self.config(), self.option(FORMAT)).as_ref()
                == Ok(&self.line);
        if !is_written_by_us && self.line.contains(OPERATORS) {
            return false;
        }
        self.options().all(|option| match option {
            ("get", None) | (CONFIG, Some(_)) => true,
            (PROFILE | FORMAT, Some(name)) => is_name(name),
            _ => false,
        })
    }

    /// Returns the profile that the line names.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.option(PROFILE)
    }

    /// Returns the configuration file that the line names.
    #[must_use]
    pub fn config(&self) -> Option<&Path> {
        self.option(CONFIG).map(Path::new)
    }

    fn option(&self, name: &str) -> Option<&str> {
        self.options().find_map(|(option, value)| value.filter(|_| option == name))
    }

    /// Returns the arguments; our options come with their values.
    fn options(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let mut arguments = self.arguments.iter().map(String::as_str);
        std::iter::from_fn(move || {
            let argument = arguments.next()?;
            Some(match argument.split_once('=') {
                Some((option, value)) => (option, Some(value)),
                None if [PROFILE, CONFIG, FORMAT].contains(&argument) => {
                    (argument, arguments.next())
                }
                None => (argument, None),
            })
        })
    }
}

impl fmt::Debug for HelperLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HelperLine").field("has_exec", &self.has_exec).finish_non_exhaustive()
    }
}

/// The shell expands nothing in the name of a profile or a format.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    !text.is_empty() && text.chars().all(plain)
}

/// The characters that make a shell do more than run one program (POSIX.1-2024, 2.2).
const OPERATORS: [char; 9] = ['|', '&', ';', '<', '>', '(', ')', '`', '\n'];

const EXEC: &str = "exec";
const PROFILE: &str = "--profile";
const CONFIG: &str = "--config";
const FORMAT: &str = "--format";

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn parsed(line: &str) -> HelperLine {
        HelperLine::parse(line).unwrap()
    }

    #[test]
    fn shell_line_that_apply_writes_is_ours() {
        let path = Path::new("/opt/it's here/api-key-helper");
        let config = Path::new("/e/a & b;c.toml");
        let line = HelperLine::ours(path, Some("work"), Some(config)).unwrap();
        assert_eq!(
            line,
            r#"exec "/opt/it's here/api-key-helper" --profile work --config '/e/a & b;c.toml'"#
        );
        let line = parsed(&line);
        assert!(line.has_exec && line.is_ours());
        assert_eq!(Path::new(&line.program), path);
        assert_eq!((line.profile(), line.config()), (Some("work"), Some(config)));
    }

    #[test]
    fn shell_line_option_value_is_no_option() {
        let line = parsed("api-key-helper --profile work --config --format=json");
        assert_eq!(line.config(), Some(Path::new("--format=json")));
        assert_eq!(line.option(FORMAT), None);
        assert!(!parsed("api-key-helper --config --profile work").is_ours());
    }

    #[test]
    fn shell_line_written_by_hand_is_ours() {
        for line in [
            "api-key-helper",
            "/usr/local/bin/api-key-helper",
            "exec ~/bin/api-key-helper get --profile=work",
            "api-key-helper get --format headers",
            "\"$HOME/bin/api-key-helper\" --config \"$HOME/c.toml\" # mine",
        ] {
            assert!(parsed(line).is_ours(), "{line}");
        }
    }

    #[test]
    fn shell_line_that_runs_something_else_is_not_ours() {
        for line in [
            "echo sk-1",
            "cat /usr/local/bin/api-key-helper",
            "api-key-helper | tr -d x",
            "api-key-helper; date",
            "api-key-helper --profile work; date",
            "api-key-helper --profile $(date)",
            "api-key-helper --profile",
            "api-key-helper --format $(date)",
            "api-key-helper --config a;date",
            "api-key-helper --config `date`",
            "api-key-helper --config a >b",
            "api-key-helper\ndate",
            "api-key-helper || pass show key",
            "api-key-helper status",
            "exec env A=b api-key-helper",
            "KEY=1 api-key-helper",
            "/opt/my keys/api-key-helper",
        ] {
            assert!(!parsed(line).is_ours(), "{line}");
        }
        assert!(!format!("{:?}", parsed("echo sk-1")).contains("sk-1"));
        for line in ["", "  ", "exec", "'open"] {
            assert_eq!(HelperLine::parse(line), None, "{line:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The shell itself reports the program and the arguments that it would run.
        #[test]
        fn shell_line_is_parsed_by_sh_as_written(program in "/[^\0]{1,40}", config in "/[^\0]{1,40}") {
            let line = HelperLine::ours(Path::new(&program), None, Some(Path::new(&config))).unwrap();
            let line = line.replacen("exec", "printf '%s\\0'", 1);
            let run = Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
            prop_assert_eq!(String::from_utf8(run.stdout).unwrap(), format!("{program}\0--config\0{config}\0"));
        }
    }
}
