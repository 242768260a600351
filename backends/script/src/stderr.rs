//! The line of a program's stderr that goes into an error.

use api_key_helper_core::redact;
use zeroize::Zeroizing;

/// The longest line that is shown, in characters.
const SHOWN: usize = 200;

/// The last line of `tail`, the end of a program's stderr, that says something: without control
/// characters and terminal sequences, cut to a bounded length, and without anything that also
/// occurs in one of `known`: what was printed may be the key, and what was read is a secret.
///
/// Lines that a shell prints under `set -x` say nothing about the cause, but may carry what the
/// script passes to other programs: they are passed over. So is our own hint, where the script runs
/// this program: the cause stands before it.
pub(crate) fn last_line(tail: &[u8], known: &[&[u8]]) -> Option<String> {
    let text = Zeroizing::new(String::from_utf8_lossy(tail).into_owned());
    let text = Zeroizing::new(without_sequences(&text));
    let line = text
        .split(['\n', '\r'])
        .map(str::trim)
        .rfind(|line| !line.is_empty() && !line.starts_with('+') && !line.starts_with(OWN_HINT))?;
    let line = known.iter().fold(line.to_owned(), |line, known| redact(&line, known));
    Some(cut(&line))
}

/// How the second line of an error of this program begins.
const OWN_HINT: &str = "api-key-helper: hint: ";

/// What somebody else wrote, as one line that may stand in an error.
pub(crate) fn presentable(text: &str) -> String {
    let words = without_sequences(text);
    cut(&words.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

/// Drops control characters but line ends, and the sequences that ESC begins (ECMA-48, ECMA-35).
fn without_sequences(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\n' | '\r' => clean.push(character),
            '\t' => clean.push(' '),
            '\u{1b}' => match rest.next_if(|c| !c.is_control()) {
                // A control sequence: parameters, then a final character.
                Some('[') => {
                    while rest.next_if(|c| (' '..='?').contains(c)).is_some() {}
                    rest.next_if(|c| ('@'..='~').contains(c));
                }
                // A control string, up to BEL or ESC `\`. One that is not closed ends with its line.
                Some(']' | 'P' | 'X' | '^' | '_') => {
                    while rest.next_if(|c| !c.is_control()).is_some() {}
                    if rest.next_if_eq(&'\u{1b}').is_some() {
                        rest.next_if_eq(&'\\');
                    }
                }
                // The choice of a character set: intermediate characters, then a final one.
                Some(' '..='/') => {
                    while rest.next_if(|c| (' '..='/').contains(c)).is_some() {}
                    rest.next_if(|c| !c.is_control());
                }
                Some(_) | None => {}
            },
            _ if character.is_control() => {}
            _ => clean.push(character),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(tail: &str) -> Option<String> {
        last_line(tail.as_bytes(), &[])
    }

    #[test]
    fn the_last_line_that_says_something() {
        assert_eq!(line("").as_deref(), None);
        assert_eq!(line(" \n\r\n").as_deref(), None);
        assert_eq!(line("a\nb c \n\n").as_deref(), Some("b c"));
        assert_eq!(line("a\r\n10%\r20%\rfailed\r\n").as_deref(), Some("failed"));
    }

    #[test]
    fn what_a_shell_traces_is_not_shown() {
        assert_eq!(
            line("no such host\n+ curl -H 'X-Token: secret'\n++ b").as_deref(),
            Some("no such host")
        );
        assert_eq!(line("+ a").as_deref(), None);
    }

    #[test]
    fn of_our_own_errors_the_cause_is_shown() {
        let ours = "api-key-helper: error: no way\napi-key-helper: hint: go elsewhere\n";
        assert_eq!(line(ours).as_deref(), Some("api-key-helper: error: no way"));
    }

    #[test]
    fn sequences_and_control_characters_are_dropped() {
        assert_eq!(
            line("\u{1b}[1;31merror:\u{1b}[0m\tno\u{7} \u{1b}(Bway").as_deref(),
            Some("error: no way")
        );
        assert_eq!(
            line("\u{1b}]0;title\u{7}a\u{1b}]8;;http://b\u{1b}\\c\u{0}").as_deref(),
            Some("ac")
        );
        assert_eq!(line("\u{1b}]never closed\nb").as_deref(), Some("b"));
        assert_eq!(line("a\u{1b}").as_deref(), Some("a"));
    }

    #[test]
    fn the_length_is_bounded() {
        let long = line(&"ü".repeat(1000)).unwrap();
        assert_eq!(long, format!("{}...", "ü".repeat(SHOWN)));
    }

    #[test]
    fn what_was_printed_as_the_key_is_redacted() {
        let shown = |tail: &str| {
            last_line(tail.as_bytes(), &[b"{\"key\": \"sk-ant-0123456789\"}\n"]).unwrap()
        };
        assert_eq!(shown("got sk-ant-0123456789 twice"), "got [redacted] twice");
        assert_eq!(shown("\u{1b}[1msk-ant-0123456789\u{1b}[0m"), "[redacted]");
    }
}
