//! The table as it is written, and the keys that do not go together.

use std::collections::BTreeMap;
use std::path::PathBuf;

use api_key_helper_backend::{Error, SecretInput, SourceTable};
use serde::Deserialize;

use crate::flow::{Flow, KeyToken};

/// The table as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct RawConfig {
    /// The API that the token is for, for providers that want this parameter.
    pub(super) audience: Option<String>,
    /// Replaces the address that the provider publishes.
    pub(super) authorization_endpoint: Option<String>,
    /// With `flow = "browser"`: more parameters for the sign-in page.
    pub(super) authorization_parameters: Option<BTreeMap<String, String>>,
    /// Certificates (PEM) of authorities to trust, beside those of the operating system.
    pub(super) ca_file: Option<PathBuf>,
    /// With `flow = "client_credentials"`, instead of `client_secret`: a JWT that
    /// proves the client.
    pub(super) client_assertion: Option<SecretInput>,
    /// The client that was registered for this program.
    pub(super) client_id: String,
    /// The client's secret, if it has one.
    ///
    /// Default: a public client.
    pub(super) client_secret: Option<SecretInput>,
    /// Replaces the address that the provider publishes.
    pub(super) device_authorization_endpoint: Option<String>,
    /// The flow that obtains the first token.
    ///
    /// Default: `"device"`.
    #[serde(default)]
    pub(super) flow: Flow,
    /// The provider's name for itself, an address, exactly as it writes it.
    ///
    /// Default: required, unless the endpoints are set.
    pub(super) issuer: Option<String>,
    /// Replaces the address that the provider publishes.
    pub(super) jwks_uri: Option<String>,
    /// The token that is the key.
    ///
    /// Default: `"access_token"`.
    #[serde(default)]
    pub(super) key: KeyToken,
    /// With `flow = "browser"`: the address on this machine that is registered.
    ///
    /// Default: `http://127.0.0.1/callback`, at any port.
    pub(super) redirect_uri: Option<String>,
    /// The server that the token is for (RFC 8707): an address, or a list of them.
    pub(super) resource: Option<Resources>,
    /// Replaces the address that the provider publishes.
    pub(super) revocation_endpoint: Option<String>,
    /// The scopes to ask for.
    ///
    /// Default: `["openid", "offline_access"]`; with `flow = "client_credentials"` nothing.
    pub(super) scopes: Option<Vec<String>>,
    /// Replaces the address that the provider publishes.
    pub(super) token_endpoint: Option<String>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a resource is a text, or a list of texts")]
pub(super) enum Resources {
    One(String),
    Several(Vec<String>),
}

impl RawConfig {
    /// Refuses keys of another flow, and the lack of one that the flow needs.
    pub(super) fn check(&self, table: &SourceTable) -> Result<(), Error> {
        let flow = self.flow;
        for (key, is_set, flows) in self.keys_of_some_flows() {
            if is_set && !flows.contains(&flow) {
                let flows: Vec<_> = flows.iter().map(|flow| flow.setting()).collect();
                return Err(table
                    .error(key, format!("`{key}` means nothing with {}", flow.setting()))
                    .with_hint(format!("it goes with {}", flows.join(" and "))));
            }
        }
        let ours = self.authorization_parameters.iter().flat_map(BTreeMap::keys);
        if let Some(name) =
            ours.into_iter().find(|name| RESERVED_PARAMETERS.contains(&name.as_str()))
        {
            let message =
                format!("`{name}` is not for `authorization_parameters`: it is set by itself");
            return Err(table
                .error("authorization_parameters", message)
                .with_hint("remove it there; some have a setting of their own"));
        }
        if flow.has_login() {
            return Ok(());
        }
        if self.key == KeyToken::IdToken {
            let message = format!("with {} there is no ID token", flow.setting());
            return Err(table
                .error("key", message)
                .with_hint("set `key = \"access_token\"`, or another `flow`"));
        }
        let hint = "set either of them, as a secret input such as `{ file = \"/run/secret\" }`";
        match (&self.client_secret, &self.client_assertion) {
            (None, None) => Err(table
                .error("flow", "a client proves itself by `client_secret` or `client_assertion`")
                .with_hint(hint)),
            (Some(_), Some(_)) => Err(table
                .error("client_assertion", "it stands beside `client_secret`")
                .with_hint(hint)),
            _ => Ok(()),
        }
    }

    /// Keys, whether they are set, and the flows that they go with.
    fn keys_of_some_flows(&self) -> [(&'static str, bool, &'static [Flow]); 7] {
        const WITH_USER: &[Flow] = &[Flow::Browser, Flow::Device];

        [
            ("authorization_endpoint", self.authorization_endpoint.is_some(), &[Flow::Browser]),
            ("authorization_parameters", self.authorization_parameters.is_some(), &[Flow::Browser]),
            ("client_assertion", self.client_assertion.is_some(), &[Flow::ClientCredentials]),
            (
                "device_authorization_endpoint",
                self.device_authorization_endpoint.is_some(),
                &[Flow::Device],
            ),
            ("jwks_uri", self.jwks_uri.is_some(), WITH_USER),
            ("redirect_uri", self.redirect_uri.is_some(), &[Flow::Browser]),
            ("revocation_endpoint", self.revocation_endpoint.is_some(), WITH_USER),
        ]
    }
}

/// Parameters that no user sets by hand: each is what makes the flow safe, has a key of its own, or
/// is a secret, which the address of a page would show.
const RESERVED_PARAMETERS: [&str; 15] = [
    "audience",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "nonce",
    "redirect_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
];
