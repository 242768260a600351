//! The programs that a shell line runs, as far as they can be told without running it.

use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::str::Chars;

/// Returns the absolute path of each program that `line` runs, where it names one (POSIX.1-2024,
/// shell command language, sections 2.2, 2.9 and 2.10). `home` stands for `~` and `$HOME`. Names
/// that are looked up in PATH, and what other expansions make, are left out.
pub(crate) fn programs(line: &str, home: Option<&Path>) -> Vec<PathBuf> {
    let program = |words: &Vec<String>| absolute(program(words)?, home);
    commands(line).iter().filter_map(program).collect()
}

/// The word that names the program, behind assignments and what runs the words after it.
fn program(words: &[String]) -> Option<&str> {
    let mut words = words.iter().map(String::as_str);
    let mut may_be_option = false;
    loop {
        let word = words.next()?;
        match word {
            _ if may_be_option && OPTIONS_WITH_VALUE.contains(&word) => {
                words.next();
            }
            _ if may_be_option && word.starts_with('-') => {}
            _ if is_assignment(word) || RESERVED.contains(&word) => {}
            _ if RUNNERS.contains(&word.rsplit('/').next().unwrap_or(word)) => may_be_option = true,
            _ => return Some(word),
        }
    }
}

/// Those of [`RUNNERS`].
const OPTIONS_WITH_VALUE: [&str; 5] = ["-a", "-C", "-u", "--chdir", "--unset"];
const RESERVED: [&str; 10] =
    ["!", "{", "if", "then", "elif", "else", "while", "until", "do", "time"];
const RUNNERS: [&str; 6] = [".", "command", "env", "exec", "nohup", "source"];

fn is_assignment(word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = word.split_once('=').map_or("", |(name, _)| name);
    name.chars().all(is_plain) && name.starts_with(|c: char| !c.is_ascii_digit())
}

fn absolute(word: &str, home: Option<&Path>) -> Option<PathBuf> {
    let below = ["~/", "$HOME/", "${HOME}/"].iter().find_map(|start| word.strip_prefix(start));
    let path = match below {
        Some(below) => home?.join(below),
        None => PathBuf::from(word),
    };
    path.is_absolute().then_some(path)
}

/// The words of each command in `line`, without quotes, redirections and comments.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut is_target = false;
    let mut rest = line.chars().peekable();
    // The last word ends like the others.
    while let Some(character) = rest.next().or_else(|| word.is_some().then_some('\n')) {
        match character {
            '\\' => match rest.next() {
                Some('\n') | None => {}
                Some(next) => word.get_or_insert_default().push(next),
            },
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(rest.by_ref().take_while(|c| *c != '\''));
            }
            '"' => in_double_quotes(&mut rest, word.get_or_insert_default()),
            '#' if word.is_none() => while rest.next_if(|c| *c != '\n').is_some() {},
            ' ' | '\t' | '\n' | '\r' | ';' | '&' | '|' | '(' | ')' | '`' | '<' | '>' => {
                let is_number = |word: &String| word.chars().all(|c| c.is_ascii_digit());
                let is_redirection = matches!(character, '<' | '>');
                match (word.take(), commands.last_mut()) {
                    (Some(number), _) if is_redirection && is_number(&number) => {}
                    (Some(_), _) if is_target => is_target = false,
                    (Some(word), Some(command)) => command.push(word),
                    _ => {}
                }
                if is_redirection {
                    is_target = true;
                    while rest.next_if(|c| "<>&|-".contains(*c)).is_some() {}
                } else if !matches!(character, ' ' | '\t') {
                    is_target = false;
                    commands.push(Vec::new());
                }
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    commands
}

fn in_double_quotes(rest: &mut Peekable<Chars<'_>>, word: &mut String) {
    while let Some(character) = rest.next() {
        match character {
            '"' => return,
            '\\' => match rest.next_if(|c| "$`\"\\\n".contains(*c)) {
                Some('\n') => {}
                escaped => word.push(escaped.unwrap_or('\\')),
            },
            other => word.push(other),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn credential_process_program_is_found_however_written() {
        for line in [
            "/o/x",
            "/o/x --profile a",
            "  '/o/x' a",
            "\"/o/x\"",
            "/o\\/x",
            "/'o'/\"x\" 2>/dev/null",
            "A=1 B='2 3' /o/x",
            "exec /o/x a",
            "exec -a name /o/x",
            "A=1 exec '/o/x'",
            "command -p /o/x",
            "/usr/bin/env -i -u B A=1 /o/x",
            "cd /tmp && /o/x",
            "cd /tmp\n/o/x",
            "cat /tmp/a | /o/x",
            "if /o/x; then b; fi",
            "{ /o/x; }",
            "(/o/x)",
            "echo $(/o/x)",
            "echo `/o/x`",
            ">/dev/null 2>&1 /o/x",
            "</dev/null /o/x",
            "# a\n/o/x",
            ". /o/x",
            "/o/x &",
            "echo '; /tmp/y' ; /o/x",
        ] {
            assert_eq!(programs(line, None), [Path::new("/o/x")], "{line}");
        }
        assert_eq!(programs("/o/x|/o/y", None), [Path::new("/o/x"), Path::new("/o/y")]);
    }

    #[test]
    fn credential_process_program_below_home_is_found() {
        for line in ["~/b/x", "$HOME/b/x", "\"${HOME}/b/x\" a", "\"$HOME\"/b/x"] {
            assert_eq!(programs(line, Some(Path::new("/h"))), [Path::new("/h/b/x")], "{line}");
            assert!(programs(line, None).is_empty(), "{line}");
        }
    }

    #[test]
    fn credential_process_words_that_are_no_program_are_left_out() {
        for line in [
            "",
            "aws --path /o/x",
            "A=/o/x",
            "A=/o/x tool",
            "tool > /o/x",
            "tool 2> /o/x a",
            "echo '; /o/x'",
            "echo a # /o/x",
            "'",
            "exec",
            "b/x",
        ] {
            assert!(programs(line, Some(Path::new("/h"))).is_empty(), "{line}");
        }
    }
}
