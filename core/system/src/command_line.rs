//! Builds command lines for Windows.

use std::io;

/// Joins `words` into a command line that ends with a zero, so that programs split it into the same
/// words ("Parsing C command-line arguments", Microsoft C). The first word must be a path, which
/// contains no quote. Fails for a word with a zero, which would end the line.
pub(crate) fn command_line(words: &[Vec<u16>]) -> io::Result<Vec<u16>> {
    const QUOTE: u16 = b'"' as u16;
    const BACKSLASH: u16 = b'\\' as u16;

    let mut line = Vec::new();
    for (index, word) in words.iter().enumerate() {
        if word.contains(&0) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is a NUL in it"));
        }
        if index > 0 {
            line.push(u16::from(b' '));
        }
        line.push(QUOTE);
        let mut backslashes = 0;
        for unit in word {
            match *unit {
                BACKSLASH => backslashes += 1,
                // Backslashes before a quote count half, and one more escapes the quote itself.
                QUOTE => line.extend(std::iter::repeat_n(BACKSLASH, backslashes + 1)),
                _ => {}
            }
            if *unit != BACKSLASH {
                backslashes = 0;
            }
            line.push(*unit);
        }
        if index > 0 {
            line.extend(std::iter::repeat_n(BACKSLASH, backslashes));
        }
        line.push(QUOTE);
    }
    line.push(0);
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> String {
        let words: Vec<Vec<u16>> = words.iter().map(|word| word.encode_utf16().collect()).collect();
        let line = command_line(&words).unwrap();
        let (zero, line) = line.split_last().unwrap();
        assert_eq!(*zero, 0);
        String::from_utf16(line).unwrap()
    }

    #[test]
    fn windows_command_line_argument_is_quoted_for_the_c_library() {
        assert_eq!(line(&[r"C:\a b\x.exe", "refresh"]), r#""C:\a b\x.exe" "refresh""#);
        assert_eq!(line(&["x", r"--config=C:\a b\"]), r#""x" "--config=C:\a b\\""#);
        assert_eq!(line(&["x", r#"a"b"#, r#"a\"b"#, r"a\b"]), r#""x" "a\"b" "a\\\"b" "a\b""#);
    }

    #[test]
    fn windows_command_line_argument_with_nul_is_refused() {
        assert!(command_line(&[vec![97, 0, 98]]).is_err());
    }
}
