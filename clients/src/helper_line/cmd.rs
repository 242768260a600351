//! `cmd /d /s /c "LINE"`, which removes the outer quotes.

use std::path::Path;

/// Returns the words as programs receive them ("Parsing C command-line arguments", Microsoft C);
/// `None` if a quote is not closed. A backslash is special only before a quote.
pub(super) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let (mut is_quoted, mut backslashes) = (false, 0);
    for c in line.chars() {
        if c == '\\' {
            backslashes += 1;
            continue;
        }
        let is_escaped = c == '"' && backslashes % 2 == 1;
        let kept = if c == '"' { backslashes / 2 } else { backslashes };
        if kept > 0 {
            word.get_or_insert_default().extend(std::iter::repeat_n('\\', kept));
        }
        backslashes = 0;
        match c {
            '"' if !is_escaped => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            ' ' | '\t' if !is_quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    if backslashes > 0 {
        word.get_or_insert_default().extend(std::iter::repeat_n('\\', backslashes));
    }
    words.extend(word);
    (!is_quoted).then_some(words)
}

pub(super) fn is_front(program: &Path) -> bool {
    // A Windows path, on whatever platform this is compiled.
    let name =
        program.to_str().and_then(|path| path.rsplit(['\\', '/']).next()).unwrap_or_default();
    ["api-key-helper", "api-key-helper.exe"].iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// Even in quotes, `cmd` expands variables between percent signs, and a line break ends the
/// command.
pub(super) fn can_be_quoted(text: &str) -> bool {
    !text.contains(['"', '%', '\r', '\n'])
}

pub(super) fn command(program: &str) -> String {
    argument(program)
}

/// A path contains no quote; a backslash at its end would escape the closing quote.
pub(super) fn argument(text: &str) -> String {
    let end = if text.ends_with('\\') { r"\" } else { "" };
    format!("\"{text}{end}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cmd_shell_line_is_split_as_windows_does() {
        let words = |line: &str| split(line).unwrap();
        assert_eq!(
            words(r#""C:\Program Files\a\api-key-helper.exe" --profile work"#),
            [r"C:\Program Files\a\api-key-helper.exe", "--profile", "work"]
        );
        assert_eq!(
            words(r"C:\a\b.exe  --config \\server\c"),
            [r"C:\a\b.exe", "--config", r"\\server\c"]
        );
        assert_eq!(words(r#"a "" "b\"c" d\\"e f""#), ["a", "", "b\"c", r"d\e f"]);
        assert_eq!(split(r#""open"#), None);
    }

    #[test]
    fn cmd_shell_line_roundtrips_through_quoting() {
        for text in [r"C:\a b\c.exe", r"C:\", r"\\server\share\x", "work"] {
            let line = format!("{} --config {}", command(text), argument(text));
            assert_eq!(split(&line).unwrap(), [text, "--config", text], "{line}");
        }
    }

    #[test]
    fn cmd_shell_argument_that_cmd_would_expand_is_refused() {
        assert!(can_be_quoted(r"C:\a b\c & d.toml"));
        for text in [r"C:\%USERNAME%\c.toml", "C:\\a\"b", "C:\\a\nb"] {
            assert!(!can_be_quoted(text), "{text}");
        }
    }

    #[test]
    fn front_program_name_is_case_insensitive_on_windows() {
        assert!(is_front(Path::new(r"C:\a\API-Key-Helper.EXE")));
        assert!(is_front(Path::new("api-key-helper")));
        assert!(!is_front(Path::new(r"C:\api-key-helper\other.exe")));
    }
}
