//! A JSON Web Token, read without regard to its signature, which is its API's business.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::{Expiry, Fields, Key};

/// The payload of a token in compact form (RFC 7515, section 3.1): three parts between dots.
/// `None`: it is no such token. A name in another encoding does not cost the token its other
/// claims.
#[must_use]
pub fn payload(token: &str) -> Option<Zeroizing<String>> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let payload = decode(payload)?;
    Some(Zeroizing::new(String::from_utf8_lossy(&payload).into_owned()))
}

/// The bytes of a part of a token, or of a number of a key (RFC 7515, section 2). Some issuers
/// write the base64 of MIME.
#[must_use]
pub fn decode(part: &str) -> Option<Zeroizing<Vec<u8>>> {
    let part = Zeroizing::new(part.replace('+', "-").replace('/', "_"));
    BASE64.decode(part.as_bytes()).ok().map(Zeroizing::new)
}

/// The `exp` of a key that is a token.
#[must_use]
pub fn expiry(key: &Key) -> Option<Expiry> {
    Fields::parse(payload(key.expose())?.as_bytes())?.expiry(EXPIRY)
}

/// The name of the claim that has the expiry (RFC 7519, section 4.1.4).
pub const EXPIRY: &str = "exp";

/// RFC 7515 has no padding, and some issuers write it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};

    use super::*;
    use crate::Moment;

    fn point(payload: &str) -> Option<u64> {
        let key = Key::parse(&format!("e30.{payload}.c2ln")).unwrap();
        expiry(&key)?.point().map(Moment::unix_millis)
    }

    #[test]
    fn jwt_exp_is_read_as_any_expiry() {
        let point = |payload: &str| point(&BASE64_URL_SAFE_NO_PAD.encode(payload));
        for exp in ["2000000000", "2000000000.0", "2e9", "\"2000000000\"", "2000000000000"] {
            let payload = format!(r#"{{"sub":"a","exp":{exp}}}"#);
            assert_eq!(point(&payload), Some(2_000_000_000_000), "{exp}");
        }
        assert_eq!(point(r#"{"exp":"2033-05-18T03:33:20Z"}"#), Some(2_000_000_000_000));
        assert_eq!(point(r#"{"exp":1,"exp":2000000000}"#), Some(2_000_000_000_000));
        assert_eq!(point(r#"{"exp":-5}"#), Some(0));
    }

    #[test]
    fn jwt_payload_is_read_in_each_base64_form() {
        // One byte more each time, so that each length of the padding occurs.
        for name in ["", "a", "ab", "\u{3ff}\u{3fe}>>>???"] {
            let payload = format!(r#"{{"sub":"{name}","exp":2000000000}}"#);
            for engine in [&BASE64_URL_SAFE_NO_PAD, &BASE64_URL_SAFE, &BASE64_STANDARD] {
                assert_eq!(point(&engine.encode(&payload)), Some(2_000_000_000_000), "{payload}");
            }
        }
        let latin1 = b"{\"sub\":\"\xfc\",\"exp\":2000000000}";
        assert_eq!(point(&BASE64_URL_SAFE_NO_PAD.encode(latin1)), Some(2_000_000_000_000));
    }

    #[test]
    fn jwt_exp_that_is_invalid_is_kept_as_unreadable() {
        for exp in ["\"soon\"", "{}", "true", "1e300", "1e400"] {
            let payload = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{exp}}}"#));
            let key = Key::parse(&format!("e30.{payload}.c2ln")).unwrap();
            assert_eq!(expiry(&key).map(Expiry::point), Some(None), "{exp}");
        }
    }

    #[test]
    fn jwt_without_exp_has_no_expiry() {
        for payload in ["{}", "exp", "[]", r#"{"exp":null}"#] {
            assert_eq!(point(&BASE64_URL_SAFE_NO_PAD.encode(payload)), None, "{payload}");
        }
        for text in ["sk-ant-api03-abc", "a.b.c", "a.b.c.d", "..", "e30.e30", "a.====.c"] {
            assert_eq!(expiry(&Key::parse(text).unwrap()), None, "{text}");
        }
    }
}
