//! What a source's table says.

mod raw;

use std::collections::BTreeMap;

use api_key_helper_backend::{Error, Hint, SecretInput, SourceTable};
use api_key_helper_http::{Form, Route};
use raw::Resources;

use crate::endpoint::{Endpoint, Endpoints, Issuer};
use crate::flow::{Flow, KeyToken};
use crate::redirect_uri::RedirectUri;

pub(crate) use raw::RawConfig;

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
    pub(crate) key: KeyToken,
    pub(crate) redirect_uri: RedirectUri,
    /// What the provider's page wants to know beside all that.
    pub(crate) authorization_parameters: BTreeMap<String, String>,
    /// The endpoints that are written by hand. They go before what a provider says of itself.
    pub(crate) by_hand: Endpoints,
    pub(crate) route: Route,
}

impl Settings {
    /// Reads the table.
    pub(crate) fn read(table: &SourceTable) -> Result<Self, Error> {
        let raw: RawConfig = table.parse()?;
        raw.check(table)?;
        let flow = raw.flow;
        let endpoint = |key: &str, text: Option<String>| {
            let parse = |text: String| {
                Endpoint::parse(&text).map_err(|why| table.error(key, why).with_hint(ADDRESS))
            };
            text.map(parse).transpose()
        };
        let by_hand = Endpoints {
            authorization: endpoint("authorization_endpoint", raw.authorization_endpoint)?,
            device_authorization: endpoint(
                "device_authorization_endpoint",
                raw.device_authorization_endpoint,
            )?,
            jwks: endpoint("jwks_uri", raw.jwks_uri)?,
            revocation: endpoint("revocation_endpoint", raw.revocation_endpoint)?,
            token: endpoint("token_endpoint", raw.token_endpoint)?,
            ..Endpoints::default()
        };
        let issuer = match (endpoint("issuer", raw.issuer.clone())?, raw.issuer) {
            (Some(address), Some(name)) => Some(Issuer { name, address }),
            _ => None,
        };
        if issuer.is_none() && !by_hand.suffice(flow, raw.key) {
            return Err(table
                .error("issuer", "there is no `issuer`")
                .with_hint(format!("set it, or {} by hand", flow.endpoints())));
        }
        if issuer.is_none() && raw.key == KeyToken::IdToken {
            return Err(table
                .error("key", "an ID token is checked against its `issuer`")
                .with_hint("set `issuer`, or `key = \"access_token\"`"));
        }
        let scopes = raw.scopes.unwrap_or_else(|| flow.default_scopes());
        if scopes.iter().any(|scope| !is_scope(scope)) {
            return Err(table
                .error("scopes", "each scope is one word")
                .with_hint("write them as a list: `[\"openid\", \"offline_access\"]`"));
        }
        if raw.key == KeyToken::IdToken && !scopes.iter().any(|scope| scope == "openid") {
            return Err(table
                .error("scopes", "without `openid` there is no ID token")
                .with_hint("add `openid` to `scopes`"));
        }
        let redirect_uri = match raw.redirect_uri {
            Some(text) => RedirectUri::parse(&text).map_err(|why| {
                table.error("redirect_uri", why).with_hint(
                    "write it as it is registered, such as `http://127.0.0.1:8400/callback`",
                )
            })?,
            None => RedirectUri::default(),
        };
        Ok(Self {
            source: table.name().to_owned(),
            flow,
            issuer,
            client_id: raw.client_id,
            client_secret: raw.client_secret.map(|input| table.input("client_secret", input)),
            client_assertion: raw
                .client_assertion
                .map(|input| table.input("client_assertion", input)),
            scopes,
            audience: raw.audience,
            resources: match raw.resource {
                None => Vec::new(),
                Some(Resources::One(resource)) => vec![resource],
                Some(Resources::Several(resources)) => resources,
            },
            key: raw.key,
            redirect_uri,
            authorization_parameters: raw.authorization_parameters.unwrap_or_default(),
            by_hand,
            route: Route::read(table, raw.ca_file.as_deref()),
        })
    }

    /// The parameters that say what a token is for.
    pub(crate) fn token_parameters(&self) -> Vec<(&'static str, String)> {
        let scopes = (!self.scopes.is_empty()).then(|| ("scope", self.scopes.join(" ")));
        let audience = self.audience.iter().map(|audience| ("audience", audience.clone()));
        let resources = self.resources.iter().map(|resource| ("resource", resource.clone()));
        scopes.into_iter().chain(audience).chain(resources).collect()
    }

    /// `form` with the resources that the token is for (RFC 8707), which have to be said again when
    /// a code or a refresh token is redeemed.
    pub(crate) fn with_resources(&self, form: Form) -> Form {
        self.resources.iter().fold(form, |form, resource| form.with("resource", resource))
    }

    /// `form` with those parameters.
    pub(crate) fn with_token_parameters(&self, form: Form) -> Form {
        self.token_parameters().iter().fold(form, |form, (name, value)| form.with(name, value))
    }

    /// `endpoint`, or the error that the provider has none of that `name`.
    pub(crate) fn required<'a>(
        &self,
        endpoint: Option<&'a Endpoint>,
        name: &str,
    ) -> Result<&'a Endpoint, Error> {
        endpoint.ok_or_else(|| {
            let issuer = self.issuer.as_ref().map_or("the provider", |issuer| &issuer.name);
            let hint = format!("if the provider has one, set `{name}` of the source by hand");
            let other = match name {
                "device_authorization_endpoint" => "; else sign in by `flow = \"browser\"`",
                "authorization_endpoint" => "; else sign in by `flow = \"device\"`",
                _ => "",
            };
            Error::misconfigured(format!("`{issuer}` names no `{name}`")).with_hint(hint + other)
        })
    }

    /// An error that a login fixes.
    pub(crate) fn needs_login(&self, message: impl Into<String>) -> Error {
        Error::needs_login(message).with_hint(self.to_login("run"))
    }

    /// A hint that ends with the command that signs in.
    pub(crate) fn to_login(&self, text: impl Into<String>) -> Hint {
        Hint::new(text).with_command(["login", "--source", &self.source])
    }

    /// A hint that ends with the command to run once the provider is fixed.
    pub(crate) fn to_go_on(&self, text: impl Into<String>) -> Hint {
        if self.flow.has_login() {
            self.to_login(text)
        } else {
            Hint::new(text).with_command(["doctor"])
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

const ADDRESS: &str = "write the address that the provider's documentation names, with `https://`";

/// RFC 6749, section 3.3.
fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\\')
}

#[cfg(test)]
mod tests;
