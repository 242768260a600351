//! The ways to say no.

use api_key_helper_backend::Fields;
use api_key_helper_http::oauth::Refusal;

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    AccessDenied,
    /// The client may not use this grant, or no client may.
    GrantNotAllowed,
    /// The user must sign in again, with more than before (OpenID Connect Core, section 3.1.2.6).
    HumanNeeded,
    InvalidClient,
    InvalidScope,
    InvalidTarget,
    /// The token that was handed in will not do.
    InvalidToken,
    NotFound,
    Other,
    Unavailable,
}

impl Code {
    /// What a server's `word` means. An exchange says of a token that will not do that the request
    /// is invalid (RFC 8693, section 2.2.2).
    pub(crate) fn parse(word: &str, is_exchange: bool) -> Option<Self> {
        Some(match word {
            // Those in `_error` are Anthropic's.
            "access_denied" | "permission_error" | "billing_error" => Self::AccessDenied,
            "unauthorized_client" | "unsupported_grant_type" => Self::GrantNotAllowed,
            "interaction_required" | "login_required" | "consent_required" => Self::HumanNeeded,
            "invalid_client" => Self::InvalidClient,
            "invalid_scope" => Self::InvalidScope,
            "invalid_target" => Self::InvalidTarget,
            // The second is Keycloak's.
            "invalid_grant" | "invalid_token" | "authentication_error" => Self::InvalidToken,
            "invalid_request" if is_exchange => Self::InvalidToken,
            "not_found_error" => Self::NotFound,
            "invalid_request_error" => Self::Other,
            "slow_down" | "rate_limit_error" | "api_error" | "overloaded_error"
            | "timeout_error" => Self::Unavailable,
            _ => return None,
        })
    }
}

/// The refusal that a body is, if it is one as all of Anthropic's API has it
/// (`<https://platform.claude.com/docs/en/api/errors>`).
pub(crate) fn nested(fields: &Fields<'_>) -> Option<Refusal> {
    Refusal::read(&fields.object("error")?, "type", "message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_anthropic_error_is_read() {
        let read = |body: &str| nested(&Fields::parse(body.as_bytes())?);
        let body =
            r#"{"type":"error","error":{"type":"authentication_error","message":"too old"}}"#;
        let description = Some("too old".to_owned());
        let refusal = Refusal { word: "authentication_error".to_owned(), description };
        assert_eq!(read(body), Some(refusal));
        let odd = read(r#"{"error":{"type":"api_error","message":7}}"#).unwrap();
        assert_eq!((&*odd.word, odd.description), ("api_error", None));
        for body in ["", "<html>", "[]", "{}", r#"{"error":{"code":403}}"#, r#"{"error":"x"}"#] {
            assert_eq!(read(body), None, "{body}");
        }
    }

    #[test]
    fn invalid_request_means_a_bad_token_in_rfc8693() {
        assert_eq!(Code::parse("invalid_request", true), Some(Code::InvalidToken));
        assert_eq!(Code::parse("invalid_request", false), None);
    }
}
