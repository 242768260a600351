//! What an error was at its innermost.

use std::error::Error as StdError;
use std::io;

/// The innermost cause in one line: it says what happened; the outer ones only say where.
#[must_use]
pub fn cause(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    let text = last.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}

/// What TLS says, where it was TLS that failed.
#[must_use]
pub fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref() {
            return Some(tls);
        }
        // An `io::Error` hides what it wraps from `source`.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_speaks_in_one_line() {
        let inner = io::Error::other("Connection\n refused.");
        assert_eq!(cause(&io::Error::other(inner)), "Connection refused");
    }

    #[test]
    fn what_an_io_error_wraps_is_found() {
        let tls = rustls::Error::HandshakeNotComplete;
        let wrapped = io::Error::other(io::Error::other(tls.clone()));
        assert_eq!(tls_error(&wrapped), Some(&tls));
        assert_eq!(tls_error(&io::Error::other("reset")), None);
    }
}
