//! The `google-executable` format: a source of an external account in Google's libraries
//! (AIP-4117).
//!
//! The libraries would read a cache from `GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE` before they ask.
//! Nothing is written there, because the key would be on disk in the clear.

use api_key_helper_values::Error;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{IssuedKey, Variable, json};

const TOKEN_TYPE: &str = "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE";

/// The kind of token that the account is configured for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// An ID token of OpenID Connect.
    IdToken,
    /// Any JWT.
    Jwt,
    /// A SAML 2.0 response.
    Saml2,
}

impl TokenType {
    pub(super) fn read(variable: Variable<'_>) -> Result<Self, Error> {
        let text = variable(TOKEN_TYPE).unwrap_or_default();
        match &*text.to_string_lossy() {
            "" => Ok(Self::Jwt),
            text => [Self::IdToken, Self::Jwt, Self::Saml2]
                .into_iter()
                .find(|token_type| token_type.urn() == text)
                .ok_or_else(unknown),
        }
    }

    /// Returns the key as a token of this kind.
    pub(super) fn answer(self, given: &IssuedKey<'_>) -> Zeroizing<String> {
        let (id_token, saml_response) = match self {
            Self::IdToken | Self::Jwt => (Some(given.key.expose()), None),
            Self::Saml2 => (None, Some(given.key.expose())),
        };
        json::line(&Answer {
            version: 1,
            success: true,
            token_type: self.urn(),
            id_token,
            saml_response,
            expiration_time: given.ask_again_at.unix_millis() / 1_000,
        })
    }

    /// Returns the token type identifier of RFC 8693, section 3.
    const fn urn(self) -> &'static str {
        match self {
            Self::IdToken => "urn:ietf:params:oauth:token-type:id_token",
            Self::Jwt => "urn:ietf:params:oauth:token-type:jwt",
            Self::Saml2 => "urn:ietf:params:oauth:token-type:saml2",
        }
    }
}

fn unknown() -> Error {
    Error::misconfigured(format!("the variable `{TOKEN_TYPE}` names an unsupported type of token"))
        .with_hint(format!(
            "set `subject_token_type` to `{}` in the account's configuration",
            TokenType::Jwt.urn()
        ))
}

/// Returns the error in the form that the library shows.
pub(super) fn refusal(error: &Error) -> String {
    let hint = error.hint().map_or_else(String::new, |hint| format!(" ({hint})"));
    let message = format!("{}{hint}", error.short_text());
    let refusal =
        Refusal { version: 1, success: false, code: error.kind().name(), message: &message };
    json::line(&refusal).to_string()
}

#[derive(Serialize)]
struct Answer<'a> {
    version: u8,
    success: bool,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saml_response: Option<&'a str>,
    expiration_time: u64,
}

#[derive(Serialize)]
struct Refusal<'a> {
    version: u8,
    success: bool,
    code: &'static str,
    message: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::given;

    #[test]
    fn google_executable_token_field_depends_on_its_type() {
        let tail = ",\"expiration_time\":1999999400}\n";
        for (token_type, field) in
            [(TokenType::Jwt, "id_token"), (TokenType::Saml2, "saml_response")]
        {
            let urn = token_type.urn();
            let head = format!(
                "{{\"version\":1,\"success\":true,\"token_type\":\"{urn}\",\"{field}\":\"k1\""
            );
            assert_eq!(*token_type.answer(&given("k1", None)), head + tail);
        }
    }

    #[test]
    fn google_executable_error_is_json_with_code_and_message() {
        let error = Error::needs_login("sign in to `sso`").with_hint("run `api-key-helper login`");
        assert_eq!(
            refusal(&error),
            "{\"version\":1,\"success\":false,\"code\":\"needs-login\",\
             \"message\":\"sign in to `sso` (run `api-key-helper login`)\"}\n"
        );
    }
}
