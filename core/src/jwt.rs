//! The end of a key that is a JWT.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{Key, Moment};

#[derive(Deserialize)]
struct Claims {
    /// RFC 7519, section 4.1.4: seconds since the epoch, possibly with a fraction.
    exp: f64,
}

/// The `exp` of a key that is a JSON Web Token in compact form (RFC 7515, section 3.1): three parts
/// between dots. Its signature is the API's business.
pub(crate) fn expiry(key: &Key) -> Option<Moment> {
    let mut parts = key.expose().split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let payload = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?);
    let Claims { exp } = serde_json::from_slice(&payload).ok()?;
    // A float saturates when it is cast: nonsense becomes the epoch or the far future.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let millis = (exp * 1_000.0) as u64;
    exp.is_finite().then(|| Moment::from_unix_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(payload: &str) -> Key {
        let payload = BASE64_URL_SAFE_NO_PAD.encode(payload);
        Key::parse(&format!("e30.{payload}.c2ln")).unwrap()
    }

    #[test]
    fn reads_exp() {
        let at = |millis| Some(Moment::from_unix_millis(millis));
        assert_eq!(expiry(&key(r#"{"sub":"a","exp":1800000000}"#)), at(1_800_000_000_000));
        assert_eq!(expiry(&key(r#"{"exp":1800000000.5}"#)), at(1_800_000_000_500));
        assert_eq!(expiry(&key(r#"{"exp":-5}"#)), at(0));
    }

    #[test]
    fn other_keys_say_nothing() {
        assert_eq!(expiry(&key("{}")), None);
        assert_eq!(expiry(&key("exp")), None);
        for text in ["sk-ant-api03-abc", "a.b.c", "a.b.c.d", "..", "e30.e30"] {
            assert_eq!(expiry(&Key::parse(text).unwrap()), None, "{text}");
        }
    }
}
