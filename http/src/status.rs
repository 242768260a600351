//! The meaning of an HTTP status.

/// Returns whether the request may be sent again: 408, 429, and 5xx but 501 (RFC 9110, section 15).
#[must_use]
pub const fn is_transient_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502..=599)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_status_408_429_and_5xx_are_transient() {
        for status in [408, 429, 500, 502, 503, 504, 529, 599] {
            assert!(is_transient_status(status), "{status}");
        }
        for status in [200, 302, 400, 401, 403, 404, 412, 501, 600] {
            assert!(!is_transient_status(status), "{status}");
        }
    }
}
