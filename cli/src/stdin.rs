//! Reads a client's request from stdin. Only formats that need it read: most clients leave stdin
//! open and silent.

use std::io::{BufRead as _, Read as _};
use std::time::Duration;

use api_key_helper_values::{Error, text};
use zeroize::Zeroizing;

/// The longest text in bytes, several times git's own limit for a line.
const LIMIT: usize = 64 << 10;

/// Reads the next line, ended by `\n` and without a byte order mark: programs on Windows write
/// `\r\n`, and some write a mark. Returns an empty line at the end of stdin. Fails for UTF-16, or
/// for more bytes than any client sends.
pub(crate) async fn line() -> Result<Zeroizing<Vec<u8>>, Error> {
    // Read on another thread, so that a signal can end this process before the client writes.
    let read = tokio::task::spawn_blocking(|| {
        let mut line = Zeroizing::new(Vec::with_capacity(LIMIT + 1));
        let limit = u64::try_from(LIMIT + 1).unwrap_or(u64::MAX);
        std::io::stdin().lock().take(limit).read_until(b'\n', &mut line).map(|_| line)
    });
    let line = read.await.map_err(|error| unreadable(&error.to_string()))?;
    line.map_err(|error| unreadable(&error.to_string())).and_then(bounded).and_then(plain)
}

/// Reads all lines up to an empty one, which must come within `deadline`.
pub(crate) async fn lines(deadline: Duration) -> Result<Zeroizing<Vec<u8>>, Error> {
    let lines = tokio::time::timeout(deadline, all_lines()).await;
    lines.unwrap_or_else(|_| Err(unended(deadline)))
}

async fn all_lines() -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut lines = Zeroizing::new(Vec::with_capacity(LIMIT + 1));
    loop {
        let line = line().await?;
        if line.is_empty() || *line == b"\n" {
            return Ok(lines);
        }
        if lines.len() + line.len() > LIMIT {
            return Err(too_long());
        }
        lines.extend_from_slice(&line);
    }
}

fn plain(mut line: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Error> {
    let unmarked = text::unmarked(&line).map_err(|error| error.at("stdin"))?.len();
    let mark = line.len() - unmarked;
    line.drain(..mark);
    if line.ends_with(b"\r\n") {
        let cr = line.len() - 2;
        line.remove(cr);
    }
    Ok(line)
}

fn bounded(text: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Error> {
    if text.len() > LIMIT { Err(too_long()) } else { Ok(text) }
}

fn too_long() -> Error {
    Error::misconfigured(format!("there are more than {LIMIT} bytes on stdin"))
        .with_hint("let the client call this program, which says less")
}

fn unended(deadline: Duration) -> Error {
    let time = deadline.as_secs_f64();
    Error::transient(format!("the question on stdin did not end within {time:.1} s"))
        .with_hint("end it with an empty line, as git does, or close stdin")
}

fn unreadable(why: &str) -> Error {
    Error::misconfigured(format!("cannot read stdin: {why}"))
        .with_hint("this format is for a client that writes there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stdin_line_with_crlf_or_byte_order_mark_is_read() {
        for (written, expected) in [
            ("a=b\r\n", "a=b\n"),
            ("\r\n", "\n"),
            ("\u{feff}a=b\n", "a=b\n"),
            ("\u{feff}{}\r\n", "{}\n"),
            ("a\rb\r\r\n", "a\rb\r\n"),
            ("a\r", "a\r"),
            ("", ""),
        ] {
            let line = plain(Zeroizing::new(written.as_bytes().to_vec())).unwrap();
            assert_eq!(*line, expected.as_bytes(), "{written:?}");
        }
    }
    #[test]
    fn stdin_in_utf16_is_refused() {
        let error = plain(Zeroizing::new(b"\xff\xfea\0=\0b\0\n".to_vec())).unwrap_err();
        assert_eq!(error.message(), "stdin is UTF-16 instead of UTF-8");
    }
}
