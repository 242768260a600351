//! What a client says on stdin. Only formats that have something there read it: most clients leave it
//! open and silent.

use std::io::{BufRead as _, Read as _};

use api_key_helper_core::Error;
use zeroize::Zeroizing;

/// The longest text, in bytes: git's own limit for a line, several times.
const LIMIT: usize = 64 << 10;

/// The next line, with its end. Empty at the end of stdin.
///
/// # Errors
/// Misconfigured: it cannot be read, or is longer than anything that a client says.
pub(crate) async fn line() -> Result<Zeroizing<Vec<u8>>, Error> {
    // Whoever ends this process meanwhile need not wait for the client.
    let read = tokio::task::spawn_blocking(|| {
        let mut line = Zeroizing::new(Vec::with_capacity(LIMIT + 1));
        let limit = u64::try_from(LIMIT + 1).unwrap_or(u64::MAX);
        std::io::stdin().lock().take(limit).read_until(b'\n', &mut line).map(|_| line)
    });
    let line = read.await.map_err(|error| unreadable(&error.to_string()))?;
    line.map_err(|error| unreadable(&error.to_string())).and_then(bounded)
}

/// All lines up to an empty one.
///
/// # Errors
/// As for a single one.
pub(crate) async fn lines() -> Result<Zeroizing<Vec<u8>>, Error> {
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

fn bounded(text: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Error> {
    if text.len() > LIMIT { Err(too_long()) } else { Ok(text) }
}

fn too_long() -> Error {
    Error::misconfigured(format!("there are more than {LIMIT} bytes on stdin"))
        .with_hint("let the client call this program, which says less")
}

fn unreadable(why: &str) -> Error {
    Error::misconfigured(format!("cannot read stdin: {why}"))
        .with_hint("this format is for a client that writes there")
}
