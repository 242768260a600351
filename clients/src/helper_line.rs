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

/// A shell line, taken apart into words. `Debug` shows none of them: a line may have a key in it.
#[derive(Clone, PartialEq, Eq)]
pub struct HelperLine {
    line: String,
    /// Whether the program takes the place of the shell that runs the line.
    pub has_exec: bool,
    /// The program, as the line names it.
    pub program: String,
    /// What follows it.
    pub arguments: Vec<String>,
}

/// A path that is no text, or that the shell cannot be given, and so has no place in a settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotText;

impl HelperLine {
    /// The words of a line; `None` where there are none, or where a quote is open at its end. The
    /// shell's operators and what it expands are words like others.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = platform::split(line)?.into_iter().peekable();
        let has_exec = words.next_if(|word| word == EXEC).is_some();
        let program = words.next()?;
        Some(Self { line: line.to_owned(), has_exec, program, arguments: words.collect() })
    }

    /// The line that runs api-key-helper at `program`, which is an absolute path.
    ///
    /// # Errors
    /// When a path is no text.
    pub fn ours(
        program: &Path,
        profile: Option<&str>,
        config: Option<&Path>,
    ) -> Result<String, NotText> {
        Self::with_format(program, profile, config, None)
    }

    /// The same, which prints the key in a format.
    ///
    /// # Errors
    /// When a path is no text.
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

    /// Whether it runs api-key-helper to print a key, and does nothing else. Another command, a
    /// pipe, or an option that a key's caller has no use for makes it somebody else's.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        let program = Path::new(&self.program);
        if !platform::is_front(program) {
            return false;
        }
        // Words do not tell an operator from a character in quotes, unless it is we who quoted it.
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

    /// The profile that it names.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.option(PROFILE)
    }

    /// The configuration file that it names.
    #[must_use]
    pub fn config(&self) -> Option<&Path> {
        self.option(CONFIG).map(Path::new)
    }

    fn option(&self, name: &str) -> Option<&str> {
        self.options().find_map(|(option, value)| value.filter(|_| option == name))
    }

    /// The arguments, and the values of our options beside these.
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

/// A profile's or a format's name has nothing that the shell would expand.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    !text.is_empty() && text.chars().all(plain)
}

/// What makes a shell do more than to run one program (POSIX.1-2024, 2.2).
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
    fn what_we_write_is_ours() {
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
    fn a_value_is_no_option() {
        let line = parsed("api-key-helper --profile work --config --format=json");
        assert_eq!(line.config(), Some(Path::new("--format=json")));
        assert_eq!(line.option(FORMAT), None);
        assert!(!parsed("api-key-helper --config --profile work").is_ours());
    }

    #[test]
    fn what_people_write_is_ours_too() {
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
    fn whatever_does_something_else_is_not() {
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

        /// The shell itself says which program and arguments it would run.
        #[test]
        fn the_shell_reads_what_was_written(program in "/[^\0]{1,40}", config in "/[^\0]{1,40}") {
            let line = HelperLine::ours(Path::new(&program), None, Some(Path::new(&config))).unwrap();
            let line = line.replacen("exec", "printf '%s\\0'", 1);
            let run = Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
            prop_assert_eq!(String::from_utf8(run.stdout).unwrap(), format!("{program}\0--config\0{config}\0"));
        }
    }
}
