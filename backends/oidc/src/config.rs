//! What a source's table says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{Error, SecretInput};
use serde::Deserialize;

use crate::authorization::OURS;
use crate::client::Form;
use crate::discovery::Endpoints;
use crate::endpoint::Endpoint;
use crate::flow::Flow;
use crate::redirect_uri::RedirectUri;
use crate::tls::Tls;

/// Everything that a source's table says.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The source's name, for hints.
    pub(crate) source: String,
    pub(crate) flow: Flow,
    /// As it is written: a provider must call itself exactly so.
    pub(crate) issuer: Option<Issuer>,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<SecretInput>,
    /// A JWT that stands for the client (RFC 7523, section 2.2).
    pub(crate) client_assertion: Option<SecretInput>,
    pub(crate) scopes: Vec<String>,
    pub(crate) audience: Option<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) key: Wanted,
    pub(crate) redirect_uri: RedirectUri,
    /// What the provider's page wants to know beside all that.
    pub(crate) authorization_parameters: BTreeMap<String, String>,
    /// The endpoints that are written by hand. They go before what a provider says of itself.
    pub(crate) by_hand: Endpoints,
    pub(crate) tls: Tls,
}

/// Which of the tokens is the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    #[default]
    AccessToken,
    IdToken,
}

/// Who is asked, and what it must call itself.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    pub(crate) name: String,
    pub(crate) address: Endpoint,
}

/// The table as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Written {
    /// The API that the token is for, for providers that want this parameter.
    audience: Option<String>,
    /// An address that the provider does not publish, or publishes wrongly.
    ///
    /// Default: what the provider publishes.
    authorization_endpoint: Option<String>,
    /// With `flow = "browser"`: what the sign-in page wants to know besides.
    authorization_parameters: Option<BTreeMap<String, String>>,
    /// Certificates (PEM) of authorities to trust, beside those of the operating system.
    ca_file: Option<PathBuf>,
    /// With `flow = "client_credentials"`, instead of `client_secret`: a secret input that gives
    /// a JWT which stands for the client.
    client_assertion: Option<SecretInput>,
    /// The client that was registered for this program.
    client_id: String,
    /// The client's secret, where it has one: a secret input.
    ///
    /// Default: a public client.
    client_secret: Option<SecretInput>,
    /// An address that the provider does not publish, or publishes wrongly.
    ///
    /// Default: what the provider publishes.
    device_authorization_endpoint: Option<String>,
    /// How the first token is obtained.
    ///
    /// Default: `"device"`.
    #[serde(default)]
    flow: Flow,
    /// The provider's name for itself, which is an address, exactly as it writes it.
    ///
    /// Default: none; it is needed, unless the endpoints are written by hand.
    issuer: Option<String>,
    /// An address that the provider does not publish, or publishes wrongly.
    ///
    /// Default: what the provider publishes.
    jwks_uri: Option<String>,
    /// Which token is the key.
    ///
    /// Default: `"access_token"`.
    #[serde(default)]
    key: Wanted,
    /// With `flow = "browser"`: the address on this machine that is registered.
    ///
    /// Default: `http://127.0.0.1/callback`, at any port.
    redirect_uri: Option<String>,
    /// Whom the token is for (RFC 8707): an address, or a list of them.
    resource: Option<Resources>,
    /// An address that the provider does not publish, or publishes wrongly.
    ///
    /// Default: what the provider publishes.
    revocation_endpoint: Option<String>,
    /// What to ask for.
    ///
    /// Default: `["openid", "offline_access"]`; with `flow = "client_credentials"` nothing.
    scopes: Option<Vec<String>>,
    /// An address that the provider does not publish, or publishes wrongly.
    ///
    /// Default: what the provider publishes.
    token_endpoint: Option<String>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a resource is a text, or a list of texts")]
enum Resources {
    One(String),
    Several(Vec<String>),
}

impl Settings {
    /// Reads the table.
    pub(crate) fn read(table: &SourceTable) -> Result<Self, Error> {
        let written: Written = table.parse()?;
        written.fits_its_flow(table)?;
        let flow = written.flow;
        let endpoint = |key: &str, text: Option<String>| {
            text.map(|text| Endpoint::parse(&text).map_err(|why| table.error(key, why))).transpose()
        };
        let by_hand = Endpoints {
            authorization: endpoint("authorization_endpoint", written.authorization_endpoint)?,
            device_authorization: endpoint(
                "device_authorization_endpoint",
                written.device_authorization_endpoint,
            )?,
            jwks: endpoint("jwks_uri", written.jwks_uri)?,
            revocation: endpoint("revocation_endpoint", written.revocation_endpoint)?,
            token: endpoint("token_endpoint", written.token_endpoint)?,
            ..Endpoints::default()
        };
        let issuer = match (endpoint("issuer", written.issuer.clone())?, written.issuer) {
            (Some(address), Some(name)) => Some(Issuer { name, address }),
            _ => None,
        };
        if issuer.is_none() && !by_hand.suffice(flow, written.key) {
            return Err(table
                .error("issuer", "there is no `issuer`")
                .with_hint(format!("set it, or {} by hand", flow.endpoints())));
        }
        if issuer.is_none() && written.key == Wanted::IdToken {
            return Err(table.error("key", "an ID token is checked against its `issuer`"));
        }
        let scopes = written.scopes.unwrap_or_else(|| flow.default_scopes());
        if scopes.iter().any(|scope| !is_scope(scope)) {
            return Err(table
                .error("scopes", "each scope is one word")
                .with_hint("write them as a list: `[\"openid\", \"offline_access\"]`"));
        }
        if written.key == Wanted::IdToken && !scopes.iter().any(|scope| scope == "openid") {
            return Err(table.error("scopes", "without `openid` there is no ID token"));
        }
        let redirect_uri = match written.redirect_uri {
            Some(text) => {
                RedirectUri::parse(&text).map_err(|why| table.error("redirect_uri", why))?
            }
            None => RedirectUri::default(),
        };
        Ok(Self {
            source: table.name().to_owned(),
            flow,
            issuer,
            client_id: written.client_id,
            client_secret: written.client_secret.map(|input| table.input("client_secret", input)),
            client_assertion: written
                .client_assertion
                .map(|input| table.input("client_assertion", input)),
            scopes,
            audience: written.audience,
            resources: match written.resource {
                None => Vec::new(),
                Some(Resources::One(resource)) => vec![resource],
                Some(Resources::Several(resources)) => resources,
            },
            key: written.key,
            redirect_uri,
            authorization_parameters: written.authorization_parameters.unwrap_or_default(),
            by_hand,
            tls: Tls { ca_file: written.ca_file.map(|file| table.path("ca_file", &file)) },
        })
    }

    /// What a token is wanted for, as parameters.
    pub(crate) fn wanted(&self) -> Vec<(&'static str, String)> {
        let scopes = (!self.scopes.is_empty()).then(|| ("scope", self.scopes.join(" ")));
        let audience = self.audience.iter().map(|audience| ("audience", audience.clone()));
        let resources = self.resources.iter().map(|resource| ("resource", resource.clone()));
        scopes.into_iter().chain(audience).chain(resources).collect()
    }

    /// `form` with the resources that the token is for (RFC 8707), which have to be said again when a
    /// code is redeemed.
    pub(crate) fn at_resources(&self, form: Form) -> Form {
        self.resources.iter().fold(form, |form, resource| form.with("resource", resource))
    }

    /// `form` with all that a token is wanted for.
    pub(crate) fn wanting(&self, form: Form) -> Form {
        self.wanted().iter().fold(form, |form, (name, value)| form.with(name, value))
    }

    /// An error that a login mends.
    pub(crate) fn needs_login(&self, message: impl Into<String>) -> Error {
        Error::needs_login(message).with_hint(format!("run {}", self.login_command()))
    }

    /// What to run, in backticks.
    pub(crate) fn login_command(&self) -> String {
        format!("`api-key-helper login --source {}`", self.source)
    }

    /// What to run when somebody else has mended it, in backticks.
    pub(crate) fn next_command(&self) -> String {
        if self.flow.has_login() {
            self.login_command()
        } else {
            "`api-key-helper doctor`".to_owned()
        }
    }

    /// The key of what the client proves itself by.
    pub(crate) const fn proof(&self) -> &'static str {
        if self.client_assertion.is_some() { "client_assertion" } else { "client_secret" }
    }

    #[cfg(any(test, fuzzing))]
    pub(crate) fn for_tests() -> Self {
        Self::with("")
    }

    /// The same with some more lines.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn with(toml: &str) -> Self {
        let toml = format!("issuer = 'https://idp.example.com'\nclient_id = 'helper'\n{toml}");
        let folder = std::path::Path::new("/");
        let table = SourceTable::from_toml("sso", &toml, folder, BTreeMap::new());
        Self::read(&table.unwrap()).unwrap()
    }
}

impl Written {
    /// Refuses what the flow makes nothing of, and what it lacks.
    fn fits_its_flow(&self, table: &SourceTable) -> Result<(), Error> {
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
        if let Some(name) = ours.into_iter().find(|name| OURS.contains(&name.as_str())) {
            return Err(table.error(
                "authorization_parameters",
                format!("`{name}` is not for `authorization_parameters`: it is set by itself"),
            ));
        }
        if flow.has_login() {
            return Ok(());
        }
        if self.key == Wanted::IdToken {
            let message = format!("with {} there is no ID token", flow.setting());
            return Err(table.error("key", message));
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
        const HUMANS: &[Flow] = &[Flow::Browser, Flow::Device];

        [
            ("authorization_endpoint", self.authorization_endpoint.is_some(), &[Flow::Browser]),
            ("authorization_parameters", self.authorization_parameters.is_some(), &[Flow::Browser]),
            ("client_assertion", self.client_assertion.is_some(), &[Flow::ClientCredentials]),
            (
                "device_authorization_endpoint",
                self.device_authorization_endpoint.is_some(),
                &[Flow::Device],
            ),
            ("jwks_uri", self.jwks_uri.is_some(), HUMANS),
            ("redirect_uri", self.redirect_uri.is_some(), &[Flow::Browser]),
            ("revocation_endpoint", self.revocation_endpoint.is_some(), HUMANS),
        ]
    }
}

/// RFC 6749, section 3.3.
fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\\')
}

#[cfg(test)]
mod tests;
