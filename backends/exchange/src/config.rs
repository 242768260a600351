//! Reads a source's table: the raw configuration is known only here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use api_key_helper_backend::{Error, SecretInput, SourceTable};
use api_key_helper_http::{Address, Route};
use serde::Deserialize;

use crate::grant::{ANTHROPIC_ENDPOINT, Federation, Grant, TokenExchange};
use crate::terms::{Proof, Terms};
use crate::token_type::TokenType;

/// Everything that a source's table says.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) endpoint: Address,
    /// What is traded in.
    pub(crate) token: SecretInput,
    pub(crate) grant: Grant,
    pub(crate) route: Route,
}

/// The table as TOML has it.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct RawConfig {
    /// With `grant = "token-exchange"`: the token of the actor, which acts for the subject: a
    /// secret input.
    actor_token: Option<SecretInput>,
    /// The kind of `actor_token`.
    ///
    /// Default: `"access_token"`.
    actor_token_type: Option<TokenType>,
    /// The server that the new token is for: a name, or a list of them.
    audience: Option<OneOrSeveral>,
    /// Certificates (PEM) of authorities to trust, beside those of the operating system.
    ca_file: Option<PathBuf>,
    /// A signed JWT of the client (RFC 7523, section 2.2), instead of
    /// `client_secret`: a secret input.
    client_assertion: Option<SecretInput>,
    /// The way in which `client_secret` is sent: in a header, or in the form.
    ///
    /// Default: `"basic"`.
    client_auth: Option<ClientAuth>,
    /// The client that asks.
    client_id: Option<String>,
    /// The client's secret.
    ///
    /// Default: a public client.
    client_secret: Option<SecretInput>,
    /// With `grant = "anthropic"`: the rule by which the token is judged, `fdrl_…`.
    ///
    /// Also: `ANTHROPIC_FEDERATION_RULE_ID`.
    federation_rule_id: Option<String>,
    /// The form of the request.
    grant: GrantName,
    /// With `grant = "anthropic"`: the organization's UUID.
    ///
    /// Also: `ANTHROPIC_ORGANIZATION_ID`.
    organization_id: Option<String>,
    /// More parameters for the server; not for secrets.
    parameters: Option<BTreeMap<String, String>>,
    /// With `grant = "token-exchange"`: the kind of token to ask for.
    ///
    /// Default: the server's choice.
    requested_token_type: Option<TokenType>,
    /// The server that the new token is for (RFC 8707): an address, or a list of them.
    resource: Option<OneOrSeveral>,
    /// The scopes to ask for.
    scopes: Option<Vec<String>>,
    /// With `grant = "anthropic"`: the account that the key acts as, `svac_…`.
    ///
    /// Also: `ANTHROPIC_SERVICE_ACCOUNT_ID`.
    service_account_id: Option<String>,
    /// With `grant = "token-exchange"`: the kind of the `token`: `access_token`, `id_token`, `jwt`,
    /// `refresh_token`, `saml1`, `saml2`, or an address of the server's own.
    ///
    /// Default: `"access_token"`.
    subject_token_type: Option<TokenType>,
    /// The token to trade.
    ///
    /// Default: required.
    ///
    /// Also: with `grant = "anthropic"` the file that `ANTHROPIC_IDENTITY_TOKEN_FILE` names, or
    /// `ANTHROPIC_IDENTITY_TOKEN`.
    token: Option<SecretInput>,
    /// The address of the token endpoint.
    ///
    /// Default: required; with `grant = "anthropic"`
    /// `https://api.anthropic.com/v1/oauth/token`.
    token_endpoint: Option<String>,
    /// With `grant = "anthropic"`: the workspace that the key is for, where the rule has several.
    workspace_id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Grant"))]
#[serde(rename_all = "kebab-case")]
enum GrantName {
    Anthropic,
    JwtBearer,
    TokenExchange,
}

/// How a client's secret is sent (RFC 6749, section 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
enum ClientAuth {
    #[default]
    Basic,
    Post,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "this is a text, or a list of texts")]
enum OneOrSeveral {
    One(String),
    Several(Vec<String>),
}

impl Settings {
    /// Reads the table.
    pub(crate) fn read(table: &SourceTable) -> Result<Self, Error> {
        let mut raw: RawConfig = table.parse()?;
        raw.check(table)?;
        let is_anthropic = raw.grant == GrantName::Anthropic;
        let endpoint = match &raw.token_endpoint {
            Some(endpoint) => endpoint,
            None if is_anthropic => ANTHROPIC_ENDPOINT,
            None => {
                return Err(table.error("token_endpoint", "there is no `token_endpoint`").with_hint(
                    "its address is in what `ISSUER/.well-known/openid-configuration` publishes",
                ));
            }
        };
        let endpoint = Address::parse(endpoint).map_err(|why| {
            table.error("token_endpoint", why).with_hint(
                "write the address that the server's documentation names, with `https://`",
            )
        })?;
        let token = raw.token.take().map(|input| table.input("token", input));
        let token = match token {
            None if is_anthropic => federation_token(table)?,
            token => token,
        };
        let token = token.ok_or_else(|| {
            table
                .error("token", "there is no `token` to trade in")
                .with_hint("say where it is: `token = { source = \"NAME\" }` or `{ file = \"…\" }`")
        })?;
        let route = Route::read(table, raw.ca_file.take().as_deref());
        Ok(Self { endpoint, token, grant: raw.into_grant(table)?, route })
    }
}

impl RawConfig {
    /// Refuses settings that another grant has.
    fn check(&self, table: &SourceTable) -> Result<(), Error> {
        let exchange = [
            ("actor_token", self.actor_token.is_some()),
            ("actor_token_type", self.actor_token_type.is_some()),
            ("requested_token_type", self.requested_token_type.is_some()),
            ("subject_token_type", self.subject_token_type.is_some()),
        ];
        let federation = [
            ("federation_rule_id", self.federation_rule_id.is_some()),
            ("organization_id", self.organization_id.is_some()),
            ("service_account_id", self.service_account_id.is_some()),
            ("workspace_id", self.workspace_id.is_some()),
        ];
        let form = [
            ("audience", self.audience.is_some()),
            ("client_assertion", self.client_assertion.is_some()),
            ("client_auth", self.client_auth.is_some()),
            ("client_id", self.client_id.is_some()),
            ("client_secret", self.client_secret.is_some()),
            ("parameters", self.parameters.is_some()),
            ("resource", self.resource.is_some()),
            ("scopes", self.scopes.is_some()),
        ];
        let (name, strange): (_, [&[(&str, bool)]; 2]) = match self.grant {
            GrantName::Anthropic => ("anthropic", [&exchange, &form]),
            GrantName::JwtBearer => ("jwt-bearer", [&exchange, &federation]),
            GrantName::TokenExchange => ("token-exchange", [&federation, &[]]),
        };
        match strange.into_iter().flatten().find(|(_, is_set)| *is_set) {
            Some((key, _)) => {
                let message = format!("`{key}` is not for `grant = \"{name}\"`");
                Err(table.error(key, message).with_hint(format!("remove `{key}`, or see `grant`")))
            }
            None => Ok(()),
        }
    }

    fn into_grant(mut self, table: &SourceTable) -> Result<Grant, Error> {
        Ok(match self.grant {
            GrantName::Anthropic => Grant::Anthropic(self.into_federation(table)?),
            GrantName::JwtBearer => Grant::JwtBearer(self.into_terms(table)?),
            GrantName::TokenExchange => {
                let actor = self.actor_token.take().map(|input| table.input("actor_token", input));
                let actor_type = self.actor_token_type.take();
                if actor.is_none() && actor_type.is_some() {
                    return Err(table
                        .error("actor_token_type", "there is no `actor_token`")
                        .with_hint("set `actor_token`, or remove `actor_token_type`"));
                }
                Grant::TokenExchange(TokenExchange {
                    subject_type: self.subject_token_type.take().unwrap_or_default(),
                    requested_type: self.requested_token_type.take(),
                    actor: actor.map(|actor| (actor, actor_type.unwrap_or_default())),
                    terms: self.into_terms(table)?,
                })
            }
        })
    }

    /// Takes the SDKs' variables where the table says nothing.
    fn into_federation(self, table: &SourceTable) -> Result<Federation, Error> {
        let id = |key: &str, configured: Option<String>, variable: &str| {
            let id = match configured {
                Some(id) => Some(id),
                None => table.selecting(key, variable)?,
            };
            id.ok_or_else(|| {
                table
                    .error(key, format!("there is no `{key}`"))
                    .with_hint(format!("set it, or the variable `{variable}`"))
            })
        };
        Ok(Federation {
            rule: id(
                "federation_rule_id",
                self.federation_rule_id,
                "ANTHROPIC_FEDERATION_RULE_ID",
            )?,
            organization: id("organization_id", self.organization_id, "ANTHROPIC_ORGANIZATION_ID")?,
            service_account: id(
                "service_account_id",
                self.service_account_id,
                "ANTHROPIC_SERVICE_ACCOUNT_ID",
            )?,
            workspace: self.workspace_id,
        })
    }

    fn into_terms(self, table: &SourceTable) -> Result<Terms, Error> {
        let parameters = self.parameters.unwrap_or_default();
        if let Some(name) = parameters.keys().find(|name| OWN.contains(&name.as_str())) {
            let message =
                format!("`{name}` is not one of the `parameters`: it has a setting of its own");
            let hint = "remove it there; see the settings of this backend for its own";
            return Err(table.error("parameters", message).with_hint(hint));
        }
        let scopes = self.scopes.unwrap_or_default();
        if scopes.iter().any(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
            return Err(table
                .error("scopes", "each scope is one word")
                .with_hint("write them as a list: `[\"api.read\", \"api.write\"]`"));
        }
        let secret = self.client_secret.map(|input| table.input("client_secret", input));
        let assertion = self.client_assertion.map(|input| table.input("client_assertion", input));
        if secret.is_none() && self.client_auth.is_some() {
            return Err(table
                .error("client_auth", "there is no `client_secret`")
                .with_hint("set `client_secret`, or remove `client_auth`"));
        }
        if secret.is_some() && self.client_id.is_none() {
            return Err(table
                .error("client_secret", "there is no `client_id`")
                .with_hint("set `client_id`, the client whose secret it is"));
        }
        let proof = match (secret, assertion) {
            (Some(_), Some(_)) => {
                return Err(table
                    .error(
                        "client_assertion",
                        "a client has a `client_secret` or a `client_assertion`, and not both",
                    )
                    .with_hint("remove the one that the server does not ask for"));
            }
            (Some(secret), None) => Some(match self.client_auth.unwrap_or_default() {
                ClientAuth::Basic => Proof::Basic(secret),
                ClientAuth::Post => Proof::Post(secret),
            }),
            (None, assertion) => assertion.map(Proof::Assertion),
        };
        Ok(Terms {
            audiences: self.audience.map(Into::into).unwrap_or_default(),
            resources: self.resource.map(Into::into).unwrap_or_default(),
            scopes,
            parameters,
            client_id: self.client_id,
            proof,
        })
    }
}

/// Where the SDKs' variables say that the token is. A file goes before a value, for it rotates.
fn federation_token(table: &SourceTable) -> Result<Option<SecretInput>, Error> {
    // Both are read, so that they are recorded whatever their values are.
    let file = table.filling("token", "ANTHROPIC_IDENTITY_TOKEN_FILE")?;
    let variable = "ANTHROPIC_IDENTITY_TOKEN";
    let is_set = table.filling("token", variable)?.is_some();
    if let Some(file) = file {
        return Ok(Some(SecretInput::File(file.into())));
    }
    Ok(is_set.then(|| table.input("token", SecretInput::Env(variable.to_owned()))))
}

impl From<OneOrSeveral> for Vec<String> {
    fn from(raw: OneOrSeveral) -> Self {
        match raw {
            OneOrSeveral::One(text) => vec![text],
            OneOrSeveral::Several(texts) => texts,
        }
    }
}

/// What the other settings are sent as.
const OWN: [&str; 14] = [
    "actor_token",
    "actor_token_type",
    "assertion",
    "audience",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "grant_type",
    "requested_token_type",
    "resource",
    "scope",
    "subject_token",
    "subject_token_type",
];

#[cfg(any(test, fuzzing))]
impl Settings {
    /// The source that `toml` describes, where these variables are set.
    pub(crate) fn for_tests(toml: &str, variables: &[(&str, &str)]) -> Result<Self, Error> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let variables = variables.iter().map(own).collect();
        let table = SourceTable::from_toml("key", toml, std::path::Path::new("/etc"), variables)?;
        Self::read(&table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: &str =
        "federation_rule_id = 'fdrl_1'\norganization_id = 'o'\nservice_account_id = 'svac_1'";

    #[test]
    fn invalid_exchange_settings_are_refused() {
        let token = "token = { env = 'T' }\ntoken_endpoint = 'https://i/t'\n";
        for (toml, says) in [
            ("token = { env = 'T' }", "grant"),
            ("grant = 'saml'", "token-exchange"),
            ("grant = 'jwt-bearer'\ntoken = { env = 'T' }", "no `token_endpoint`"),
            ("grant = 'jwt-bearer'\ntoken_endpoint = 'https://i/t'", "no `token`"),
            ("grant = 'jwt-bearer'\ntoken_endpoint = 'http://i/t'", "plain http"),
            ("grant = 'anthropic'", "no `token`"),
            (&format!("{token}grant = 'anthropic'"), "no `federation_rule_id`"),
            (&format!("{token}grant = 'anthropic'\n{IDS}\naudience = 'a'"), "not for"),
            (&format!("{token}grant = 'jwt-bearer'\nworkspace_id = 'w'"), "not for"),
            (&format!("{token}grant = 'jwt-bearer'\nsubject_token_type = 'jwt'"), "not for"),
            (&format!("{token}grant = 'token-exchange'\n{IDS}"), "not for"),
            (&format!("{token}grant = 'token-exchange'\nactor_token_type = 'jwt'"), "no `actor_"),
            (&format!("{token}grant = 'token-exchange'\nsubject_token_type = 'x'"), "id_token"),
            (&format!("{token}grant = 'token-exchange'\nscope = 'x'"), "scopes"),
        ] {
            let error = Settings::for_tests(toml, &[]).unwrap_err();
            assert!(error.report().contains(says), "{toml}: {}", error.report());
        }
    }

    #[test]
    fn anthropic_variables_fill_unset_exchange_settings() {
        let variables = [
            ("ANTHROPIC_FEDERATION_RULE_ID", "fdrl_env"),
            ("ANTHROPIC_ORGANIZATION_ID", "env"),
            ("ANTHROPIC_SERVICE_ACCOUNT_ID", "svac_env"),
            ("ANTHROPIC_IDENTITY_TOKEN_FILE", "/run/token"),
            ("ANTHROPIC_IDENTITY_TOKEN", "jwt"),
        ];
        let read = |toml: &str, variables: &[_]| {
            let settings = Settings::for_tests(&format!("grant = 'anthropic'\n{toml}"), variables);
            settings.unwrap()
        };
        let settings = read("", &variables);
        assert_eq!(settings.endpoint.to_string(), "https://api.anthropic.com/v1/oauth/token");
        assert_eq!(settings.token, SecretInput::File("/run/token".into()));
        let Grant::Anthropic(federation) = settings.grant else { panic!("another grant") };
        assert_eq!(federation.rule, "fdrl_env");
        let settings = read("", &[&variables[..3], &variables[4..]].concat());
        assert_eq!(settings.token, SecretInput::Env("ANTHROPIC_IDENTITY_TOKEN".into()));
        let settings = read(&format!("token = {{ env = 'T' }}\n{IDS}"), &variables);
        assert_eq!(settings.token, SecretInput::Env("T".into()));
        let Grant::Anthropic(federation) = settings.grant else { panic!("another grant") };
        assert_eq!((&*federation.rule, &*federation.service_account), ("fdrl_1", "svac_1"));
    }

    #[test]
    fn client_auth_settings_that_cannot_work_are_refused() {
        for (toml, says) in [
            ("client_secret = { env = 'S' }", "no `client_id`"),
            ("client_id = 'c'\nclient_auth = 'post'", "no `client_secret`"),
            (
                "client_id = 'c'\nclient_secret = { env = 'S' }\nclient_assertion = { env = 'A' }",
                "not both",
            ),
            ("scopes = ['a b']", "one word"),
            ("parameters = { scope = 'a' }", "setting of its own"),
            ("client_id = 'c'\nclient_secret = 'hunter2'", "client_secret"),
        ] {
            let toml = format!(
                "grant = 'jwt-bearer'\ntoken = {{ env = 'T' }}\ntoken_endpoint = 'https://i/t'\n{toml}"
            );
            let error = Settings::for_tests(&toml, &[]).unwrap_err();
            let report = error.report();
            assert!(report.contains(says) && !report.contains("hunter2"), "{toml}: {report}");
            assert!(error.hint().is_some() || toml.contains("hunter2"), "{toml}: {report}");
        }
    }
}
