//! The line of a program's stderr that goes into an error.

use api_key_helper_values::plain;
use zeroize::Zeroizing;

use crate::redact;
use crate::redact::REDACTED;

/// The longest line that is shown, in characters.
const SHOWN: usize = 200;

/// The last line of `tail`, the end of a program's stderr, that says something: without control
/// characters and terminal sequences, cut to a bounded length, and without anything that also
/// occurs in one of `known`: what was printed may be the key, and what was read is a secret. What
/// has the form of a secret is not shown either.
///
/// Lines that a shell prints under `set -x` say nothing about the cause, but may carry what the
/// script passes to other programs: they are passed over. So is our own hint, where the script runs
/// this program: the cause stands before it.
#[must_use]
pub fn last_line(tail: &[u8], known: &[&[u8]]) -> Option<String> {
    let text = Zeroizing::new(String::from_utf8_lossy(tail).into_owned());
    let line = text
        .split(['\n', '\r'])
        .map(|line| Zeroizing::new(plain(line)))
        .rfind(|line| !line.is_empty() && !line.starts_with('+') && !line.starts_with(OWN_HINT))?;
    let line = redact::in_text(&line, known.iter().copied());
    Some(cut(&without_tokens(&line)))
}

/// How the second line of an error of this program begins.
const OWN_HINT: &str = "api-key-helper: hint: ";

/// What another program wrote, as one line that may stand in an error.
#[must_use]
pub fn presentable(text: &str) -> String {
    cut(&plain(text))
}

/// `line` with `[redacted]` for each run of characters that could be a token, a password or a JWT.
/// The names of hosts and files stay, for they are often the cause.
fn without_tokens(line: &str) -> String {
    let mut clean = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(is_of_token) {
        clean.push_str(&rest[..start]);
        let run = &rest[start..];
        let (run, after) = run.split_at(run.find(|c| !is_of_token(c)).unwrap_or(run.len()));
        clean.push_str(if run.len() < SHORTEST_TOKEN || is_name(run) { run } else { REDACTED });
        rest = after;
    }
    clean + rest
}

/// Base64 in both alphabets, and what stands between the parts of a JWT.
fn is_of_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "+/=_.-".contains(character)
}

/// Returns whether `run` is words and short numbers, as in `/etc/corp/proxy.conf`. Chance, which
/// makes a token, spells no 20 characters so.
fn is_name(run: &str) -> bool {
    !run.contains(['+', '='])
        && run.contains(|c: char| c.is_ascii_alphabetic())
        && run.split(['/', '_', '.', '-']).all(is_word)
}

/// Such as `v2`, `HOME`, `corp`, `FileNotFound` or `8200`.
fn is_word(part: &str) -> bool {
    let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = part.len() - letters.len();
    if letters.is_empty() {
        return digits <= 4;
    }
    let capitals = |c: char| c.is_ascii_uppercase();
    let is_cased = match letters.find(|c| !capitals(c)) {
        None => true,
        Some(0 | 1) => letters.split(capitals).skip(1).all(|hump| !hump.is_empty()),
        Some(_) => false,
    };
    let is_letters = letters.chars().all(|c| c.is_ascii_alphabetic());
    is_letters && is_cased && digits <= 2 && letters.len() < SHORTEST_TOKEN
}

/// What is shorter is no token, or a weak one.
const SHORTEST_TOKEN: usize = 20;

fn cut(line: &str) -> String {
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(tail: &str) -> Option<String> {
        last_line(tail.as_bytes(), &[])
    }

    #[test]
    fn stderr_line_is_the_last_with_text() {
        assert_eq!(line("").as_deref(), None);
        assert_eq!(line(" \n\r\n").as_deref(), None);
        assert_eq!(line("a\nb c \n\n").as_deref(), Some("b c"));
        assert_eq!(line("a\r\n10%\r20%\rfailed\r\n").as_deref(), Some("failed"));
    }

    #[test]
    fn stderr_line_of_a_shell_trace_is_not_shown() {
        assert_eq!(
            line("no such host\n+ curl -H 'X-Token: secret'\n++ b").as_deref(),
            Some("no such host")
        );
        assert_eq!(line("+ a").as_deref(), None);
    }

    #[test]
    fn stderr_line_of_our_own_error_is_its_message() {
        let ours = "api-key-helper: error: no way\napi-key-helper: hint: go elsewhere\n";
        assert_eq!(line(ours).as_deref(), Some("api-key-helper: error: no way"));
    }

    #[test]
    fn stderr_terminal_sequences_are_dropped() {
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
    fn stderr_line_length_is_bounded() {
        let long = line(&"ü".repeat(1000)).unwrap();
        assert_eq!(long, format!("{}...", "ü".repeat(SHOWN)));
    }

    #[test]
    fn stderr_text_that_looks_like_a_token_is_redacted() {
        let jwt = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
        let key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        for token in [
            jwt,
            key,
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "3fa85f64-5717-4562-b3fc-2c963f66afa6",
            "sk-ant-api03-Zx9Qw8Er7Ty6",
            "IQoJb3JpZ2luX2VjEJr==",
            "abcdefghijklmnopqrstuvwxyz",
            "0123-4567-8901-2345-6789",
        ] {
            for (before, after) in
                [("got ", ""), ("k=\"", "\""), ("k:", ","), ("('", "')"), ("`", "`")]
            {
                let shown = line(&format!("no: {before}{token}{after}")).unwrap();
                assert_eq!(shown, format!("no: {before}[redacted]{after}"));
            }
        }
        assert_eq!(line(&format!("TOKEN={key}")).as_deref(), Some("[redacted]"));
        assert_eq!(line("password=correct-horse-battery").as_deref(), Some("[redacted]"));
        let at_the_end = format!("{}{jwt}", "no ".repeat(60));
        assert!(!line(&at_the_end).unwrap().contains("eyJ"));
    }

    #[test]
    fn stderr_names_of_hosts_files_and_errors_are_shown() {
        for said in [
            "could not resolve host: secretsmanager.eu-west-1.amazonaws.com:443",
            "open /home/ann/.config/corp-tool/Credentials_v2.json: permission denied",
            "botocore.exceptions.NoCredentialsError: see AWS_WEB_IDENTITY_TOKEN_FILE",
            "see https://login.example.com/oauth2/v2.0/token",
            "dial tcp 192.168.100.200:8200: connect: connection refused",
        ] {
            assert_eq!(line(said).as_deref(), Some(said));
        }
    }

    #[test]
    fn stderr_text_of_the_printed_key_is_redacted() {
        let shown = |tail: &str| {
            last_line(tail.as_bytes(), &[b"{\"key\": \"sk-ant-0123456789\"}\n"]).unwrap()
        };
        assert_eq!(shown("got sk-ant-0123456789 twice"), "got [redacted] twice");
        assert_eq!(shown("\u{1b}[1msk-ant-0123456789\u{1b}[0m"), "[redacted]");
    }
}
