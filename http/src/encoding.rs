//! The compression of a body.

use reqwest::header::HeaderValue;

/// Returns the compression of a `body` that is not text; none was requested. The source is
/// `Content-Encoding`, or the first bytes where a gateway has dropped that header. Other invalid
/// UTF-8 is text in another encoding, which does no harm.
pub(crate) fn compression(body: &[u8], header: Option<&HeaderValue>) -> Option<String> {
    if str::from_utf8(body).is_ok() {
        return None;
    }
    let named = header.and_then(|header| header.to_str().ok()).map(str::trim);
    let named = named.filter(|name| !name.eq_ignore_ascii_case("identity"));
    let shown = |name: &str| name.chars().filter(char::is_ascii_graphic).take(40).collect();
    named.map(shown).or_else(|| body.starts_with(GZIP).then(|| "gzip".to_owned()))
}

/// RFC 1952, section 2.3.1.
const GZIP: &[u8] = &[0x1f, 0x8b];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_compression_is_named_by_header_or_first_bytes() {
        let named = |body: &[u8], header: Option<&'static str>| {
            compression(body, header.map(HeaderValue::from_static).as_ref())
        };
        assert_eq!(named(b"\xce\x28", Some(" br ")).as_deref(), Some("br"));
        assert_eq!(named(b"\x1f\x8b\x08", None).as_deref(), Some("gzip"));
        assert_eq!(named(b"\x1f\x8b\x08", Some("Identity")).as_deref(), Some("gzip"));
        assert_eq!(named(b"{}", Some("gzip")), None);
        assert_eq!(named(b"caf\xe9", None), None);
        assert_eq!(named(b"caf\xe9", Some("identity")), None);
    }
}
