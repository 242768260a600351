//! The ways to a source's first token, and the token that is its key.

use serde::Deserialize;

/// How a source obtains its first token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Flow {
    /// In a browser on this machine (RFC 8252).
    Browser,
    /// Without a user (RFC 6749, section 4.4).
    ClientCredentials,
    /// In a browser anywhere (RFC 8628).
    #[default]
    Device,
}

impl Flow {
    /// As it is written in a source.
    pub(crate) const fn setting(self) -> &'static str {
        match self {
            Self::Browser => "`flow = \"browser\"`",
            Self::ClientCredentials => "`flow = \"client_credentials\"`",
            Self::Device => "`flow = \"device\"`",
        }
    }

    /// The endpoints that it cannot do without, for hints.
    pub(crate) const fn endpoints(self) -> &'static str {
        match self {
            Self::Browser => "`authorization_endpoint` and `token_endpoint`",
            Self::ClientCredentials => "`token_endpoint`",
            Self::Device => "`device_authorization_endpoint` and `token_endpoint`",
        }
    }

    /// What the client must be allowed where it is registered, for hints.
    pub(crate) const fn permission(self) -> &'static str {
        match self {
            Self::Browser => "the authorization code grant and refresh tokens",
            Self::ClientCredentials => "the client credentials grant",
            Self::Device => "the device flow and refresh tokens",
        }
    }

    /// What gives a login a refresh token, for hints.
    pub(crate) const fn what_lasts(self) -> &'static str {
        match self {
            Self::Browser => {
                "the scope `offline_access`, with some providers together with \
                 `authorization_parameters = { prompt = \"consent\" }`,"
            }
            Self::ClientCredentials | Self::Device => {
                "the scope `offline_access`, where the provider knows it,"
            }
        }
    }

    /// Returns whether a user signs in.
    pub(crate) const fn has_login(self) -> bool {
        !matches!(self, Self::ClientCredentials)
    }

    /// What is asked for where `scopes` does not say.
    pub(crate) fn default_scopes(self) -> Vec<String> {
        let scopes: &[&str] = if self.has_login() { &["openid", "offline_access"] } else { &[] };
        scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }
}

/// The token that is the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyToken {
    #[default]
    AccessToken,
    IdToken,
}
