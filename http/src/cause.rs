//! The causes of an error.

use std::error::Error as StdError;
use std::io;
use std::iter;

use api_key_helper_backend::text::plain;

/// Returns the innermost cause in one line: it says what happened, the outer ones only say where.
#[must_use]
pub fn cause(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    plain(&last.to_string()).trim_end_matches('.').to_owned()
}

/// Returns the outermost error of type `E` among `error` and its causes.
#[must_use]
pub fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// Returns `error` and its causes, outermost first.
pub(crate) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        // An `io::Error` does not report its inner error as `source`.
        Some(io) if io.get_ref().is_some() => io.get_ref().map(|inner| inner as _),
        _ => error.source(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_error_cause_is_one_line() {
        let inner = io::Error::other("Connection\n refused.");
        assert_eq!(cause(&io::Error::other(inner)), "Connection refused");
    }

    #[test]
    fn tls_error_inside_io_errors_is_found() {
        let tls = rustls::Error::HandshakeNotComplete;
        let wrapped = io::Error::other(io::Error::other(tls.clone()));
        assert_eq!(find(&wrapped), Some(&tls));
        assert_eq!(find::<rustls::Error>(&io::Error::other("reset")), None);
    }
}
