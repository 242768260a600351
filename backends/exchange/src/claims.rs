//! What a token says of itself, for messages.

use std::time::SystemTime;

use api_key_helper_backend::text::plain;
use api_key_helper_backend::{Expiry, Fields, Moment, Secret, jwt};

/// The claims of a JWT by which a server judges it (RFC 7519, section 4.1). The signature is not
/// checked. A claim of another type, and all of those of a token that is no JWT, are none.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    iss: Option<String>,
    aud: Option<String>,
    exp: Option<Expiry>,
}

impl Claims {
    pub(crate) fn of(token: &Secret) -> Self {
        let payload = jwt::payload(token.expose());
        let fields = payload.as_ref().and_then(|json| Fields::parse(json.as_bytes()));
        let fields = fields.unwrap_or_default();
        Self {
            iss: fields.string("iss"),
            aud: fields.texts("aud").and_then(|several| several.into_iter().next()),
            exp: fields.expiry("exp"),
        }
    }

    /// When the token ends.
    pub(crate) fn expires_at(&self) -> Option<SystemTime> {
        let end = self.exp?.point().filter(|end| *end != Moment::EPOCH)?;
        Some(end.into())
    }

    /// Whether it has ended by the clock that says `now`.
    pub(crate) fn have_ended(&self, now: SystemTime) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }

    /// Issuer, audience and end, for the end of a message; or nothing.
    pub(crate) fn told(&self, now: SystemTime) -> String {
        let parts = [
            self.iss.as_deref().and_then(name).map(|issuer| format!("from `{issuer}`")),
            self.aud.as_deref().and_then(name).map(|audience| format!("for `{audience}`")),
            self.end(now),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { String::new() } else { format!("; it is {}", parts.join(", ")) }
    }

    fn end(&self, now: SystemTime) -> Option<String> {
        let end = self.expires_at()?;
        Some(match end.duration_since(now) {
            Ok(left) => format!("good for {} s", left.as_secs()),
            Err(late) => format!("past its end by {} s", late.duration().as_secs()),
        })
    }
}

/// A name as a message shows it.
fn name(claim: &str) -> Option<String> {
    let name: String = plain(&claim.replace('`', "")).chars().take(LONGEST_NAME).collect();
    (!name.is_empty()).then_some(name)
}

/// So that two of them and the rest of a message are shown whole.
const LONGEST_NAME: usize = 80;

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;

    fn claims(payload: &str) -> Claims {
        let payload = BASE64_URL_SAFE_NO_PAD.encode(payload);
        Claims::of(&Secret::new(format!("e30.{payload}.c2ln")))
    }

    #[test]
    fn jwt_iss_aud_and_exp_are_named_in_messages() {
        let now = UNIX_EPOCH + Duration::from_secs(100);
        for (payload, told) in [
            (
                r#"{"iss":"https://i","aud":"https://a","exp":160}"#,
                "; it is from `https://i`, for `https://a`, good for 60 s",
            ),
            (r#"{"aud":["a","b"],"exp":40}"#, "; it is for `a`, past its end by 60 s"),
            (r#"{"iss":7,"aud":[],"exp":"soon"}"#, ""),
            (
                r#"{"iss":"https://i","iat":{},"aud":["https://a",7],"exp":"160"}"#,
                "; it is from `https://i`, for `https://a`, good for 60 s",
            ),
            ("[]", ""),
        ] {
            assert_eq!(claims(payload).told(now), told);
        }
        assert_eq!(Claims::of(&Secret::from("opaque")).told(now), "");
    }

    #[test]
    fn jwt_exp_is_read_where_it_is_valid() {
        let now = UNIX_EPOCH + Duration::from_secs(100);
        assert!(claims(r#"{"exp":100}"#).have_ended(now));
        for lives in [r#"{"exp":101}"#, "{}", r#"{"exp":-1}"#, r#"{"exp":1e300}"#] {
            assert!(!claims(lives).have_ended(now), "{lives}");
        }
    }

    #[test]
    fn jwt_claim_in_messages_is_cut_and_quoted() {
        let long = format!(r#"{{"iss":"`\n{}"}}"#, "x".repeat(1_000));
        let told = claims(&long).told(UNIX_EPOCH);
        assert_eq!(told, format!("; it is from `{}`", "x".repeat(LONGEST_NAME)));
    }
}
