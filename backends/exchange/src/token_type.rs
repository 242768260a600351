//! What kind a token is of (RFC 8693, section 3).

use serde::Deserialize;

/// The identifier of a kind of token: an address, of which the well-known ones have short names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String")]
pub(crate) struct TokenType(String);

impl TokenType {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TokenType {
    /// What a sign-in gives by default.
    fn default() -> Self {
        Self(format!("{PREFIX}access_token"))
    }
}

impl TryFrom<String> for TokenType {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.contains(':') {
            return Ok(Self(text));
        }
        if SHORT.contains(&&*text) {
            return Ok(Self(format!("{PREFIX}{text}")));
        }
        Err(format!("a kind of token is an address, or one of `{}`", SHORT.join("`, `")))
    }
}

/// A refresh token, which no API takes as a key.
pub(crate) const REFRESH_TOKEN: &str = "urn:ietf:params:oauth:token-type:refresh_token";

const PREFIX: &str = "urn:ietf:params:oauth:token-type:";

const SHORT: [&str; 6] = ["access_token", "id_token", "jwt", "refresh_token", "saml1", "saml2"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_type_short_names_stand_for_rfc8693_urns() {
        let read = |text: &str| TokenType::try_from(text.to_owned()).unwrap();
        assert_eq!(read("jwt").as_str(), "urn:ietf:params:oauth:token-type:jwt");
        assert_eq!(read("refresh_token").as_str(), REFRESH_TOKEN);
        assert_eq!(read("access_token"), TokenType::default());
        assert_eq!(read("urn:example:x").as_str(), "urn:example:x");
        assert!(TokenType::try_from("bearer".to_owned()).is_err());
    }
}
