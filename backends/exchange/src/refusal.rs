//! The ways to say no.

use api_key_helper_core::ErrorKind;
use serde::Deserialize;

/// A refusal in a token endpoint's own form.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The server's word for it, such as `invalid_grant`.
    pub(crate) word: String,
    /// What it says to a person.
    pub(crate) description: Option<String>,
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    AccessDenied,
    /// The client may not use this grant, or nobody may.
    GrantNotAllowed,
    /// Who signed in must do so again, with more than before (OpenID Connect Core, section 3.1.2.6).
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

/// A body as it is written: by RFC 6749, section 5.2, or as all of Anthropic's API has it
/// (`<https://platform.claude.com/docs/en/api/errors>`).
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Flat { error: String, error_description: Option<String> },
    Nested { error: Nested },
}

#[derive(Deserialize)]
struct Nested {
    #[serde(rename = "type")]
    kind: String,
    message: Option<String>,
}

impl Refusal {
    /// The refusal that a body is, if it is one.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        Some(match serde_json::from_slice(body).ok()? {
            Written::Flat { error, error_description } => {
                Self { word: error, description: error_description }
            }
            Written::Nested { error: Nested { kind, message } } => {
                Self { word: kind, description: message }
            }
        })
    }

    /// What it means under `status`; nothing where that is no token endpoint's answer. An exchange
    /// says of a token that will not do that the request is invalid (RFC 8693, section 2.2.2).
    pub(crate) fn code(&self, status: u16, is_exchange: bool) -> Option<Code> {
        Some(match self.word.as_str() {
            // The second is Anthropic's, as are all in `_error` but `server_error`.
            "access_denied" | "permission_error" => Code::AccessDenied,
            "unauthorized_client" | "unsupported_grant_type" => Code::GrantNotAllowed,
            "interaction_required" | "login_required" | "consent_required" => Code::HumanNeeded,
            "invalid_client" => Code::InvalidClient,
            "invalid_scope" => Code::InvalidScope,
            "invalid_target" => Code::InvalidTarget,
            // The second is Keycloak's.
            "invalid_grant" | "invalid_token" | "authentication_error" => Code::InvalidToken,
            "invalid_request" if is_exchange => Code::InvalidToken,
            "not_found_error" => Code::NotFound,
            "invalid_request_error" => Code::Other,
            "server_error"
            | "temporarily_unavailable"
            | "slow_down"
            | "rate_limit_error"
            | "api_error"
            | "overloaded_error"
            | "timeout_error" => Code::Unavailable,
            _ if ErrorKind::is_transient_status(status) => Code::Unavailable,
            _ if matches!(status, 200 | 400 | 401) => Code::Other,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(status: u16, body: &str) -> Option<Code> {
        Refusal::read(body.as_bytes())?.code(status, false)
    }

    #[test]
    fn both_forms_are_read() {
        let flat = r#"{"error":"invalid_grant","error_description":"too old"}"#;
        let nested =
            r#"{"type":"error","error":{"type":"authentication_error","message":"too old"}}"#;
        for body in [flat, nested] {
            assert_eq!(code(400, body), Some(Code::InvalidToken));
            let refusal = Refusal::read(body.as_bytes()).unwrap();
            assert_eq!(refusal.description.as_deref(), Some("too old"));
        }
    }

    #[test]
    fn what_no_token_endpoint_says_is_no_refusal() {
        for body in ["", "<html>", "[]", "{}", r#"{"error":{"code":403}}"#, r#"{"error":null}"#] {
            assert_eq!(code(403, body), None, "{body}");
        }
        assert_eq!(code(403, r#"{"error":"forbidden"}"#), None);
        assert_eq!(code(400, r#"{"error":"own_word"}"#), Some(Code::Other));
        assert_eq!(code(502, r#"{"error":"own_word"}"#), Some(Code::Unavailable));
    }

    #[test]
    fn an_exchange_has_another_word_for_a_bad_token() {
        let refusal = Refusal::read(br#"{"error":"invalid_request"}"#).unwrap();
        assert_eq!(refusal.code(400, true), Some(Code::InvalidToken));
        assert_eq!(refusal.code(400, false), Some(Code::Other));
    }
}
