//! What a source's table says.

mod written;

use std::collections::BTreeMap;

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{Error, SecretInput};
use serde::Deserialize;

use crate::client::Form;
use crate::discovery::Endpoints;
use crate::endpoint::Endpoint;
use crate::flow::Flow;
use crate::redirect_uri::RedirectUri;
use crate::tls::Tls;
use written::Resources;

pub(crate) use written::Written;

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

/// RFC 6749, section 3.3.
fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\\')
}

#[cfg(test)]
mod tests;
