//! What a source's table says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{Error, SecretInput};
use api_key_helper_http::Address;
use serde::Deserialize;

use crate::federation::{self, Federation};
use crate::grant::{Grant, TokenExchange};
use crate::terms::Terms;
use crate::token_type::TokenType;

/// Everything that a source's table says.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) endpoint: Address,
    /// What is traded in.
    pub(crate) token: SecretInput,
    pub(crate) grant: Grant,
    pub(crate) ca_file: Option<PathBuf>,
}

/// The table as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Written {
    /// With `grant = "token-exchange"`: the token of whoever acts for the subject, a secret
    /// input.
    actor_token: Option<SecretInput>,
    /// The kind of `actor_token`.
    ///
    /// Default: `"access_token"`.
    actor_token_type: Option<TokenType>,
    /// Whom the new token is for: a name, or a list of them.
    pub(crate) audience: Option<OneOrSeveral>,
    /// Certificates (PEM) of authorities to trust, beside those of the operating system.
    ca_file: Option<PathBuf>,
    /// A JWT that somebody signed for the client (RFC 7523, section 2.2), instead of
    /// `client_secret`: a secret input.
    pub(crate) client_assertion: Option<SecretInput>,
    /// How `client_secret` is sent.
    ///
    /// Default: `"basic"`.
    pub(crate) client_auth: Option<ClientAuth>,
    /// The client that asks.
    pub(crate) client_id: Option<String>,
    /// Its secret, a secret input.
    ///
    /// Default: a public client.
    pub(crate) client_secret: Option<SecretInput>,
    /// With `grant = "anthropic"`: the rule by which the token is judged, `fdrl_…`.
    ///
    /// Also: `ANTHROPIC_FEDERATION_RULE_ID`.
    pub(crate) federation_rule_id: Option<String>,
    /// What is sent, and how.
    grant: GrantName,
    /// With `grant = "anthropic"`: the organization's UUID.
    ///
    /// Also: `ANTHROPIC_ORGANIZATION_ID`.
    pub(crate) organization_id: Option<String>,
    /// What else that server wants to read; nothing secret.
    pub(crate) parameters: Option<BTreeMap<String, String>>,
    /// With `grant = "token-exchange"`: the kind of token to ask for.
    ///
    /// Default: the server's choice.
    requested_token_type: Option<TokenType>,
    /// Whom the new token is for (RFC 8707): an address, or a list of them.
    pub(crate) resource: Option<OneOrSeveral>,
    /// What to ask for.
    pub(crate) scopes: Option<Vec<String>>,
    /// With `grant = "anthropic"`: whom the key acts as, `svac_…`.
    ///
    /// Also: `ANTHROPIC_SERVICE_ACCOUNT_ID`.
    pub(crate) service_account_id: Option<String>,
    /// With `grant = "token-exchange"`: the kind of the `token`.
    ///
    /// Default: `"access_token"`.
    subject_token_type: Option<TokenType>,
    /// What is traded in, a secret input.
    ///
    /// Default: none; it is needed.
    ///
    /// Also: with `grant = "anthropic"` the file that `ANTHROPIC_IDENTITY_TOKEN_FILE` names, or
    /// `ANTHROPIC_IDENTITY_TOKEN`.
    token: Option<SecretInput>,
    /// Where it is traded.
    ///
    /// Default: none; it is needed; with `grant = "anthropic"`
    /// `https://api.anthropic.com/v1/oauth/token`.
    token_endpoint: Option<String>,
    /// With `grant = "anthropic"`: the workspace that the key is for, where the rule has several.
    pub(crate) workspace_id: Option<String>,
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
pub(crate) enum ClientAuth {
    #[default]
    Basic,
    Post,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "this is a text, or a list of texts")]
pub(crate) enum OneOrSeveral {
    One(String),
    Several(Vec<String>),
}

impl Settings {
    /// Reads the table.
    pub(crate) fn read(table: &SourceTable) -> Result<Self, Error> {
        let mut written: Written = table.parse()?;
        written.check(table)?;
        let is_anthropic = written.grant == GrantName::Anthropic;
        let endpoint = match &written.token_endpoint {
            Some(endpoint) => endpoint,
            None if is_anthropic => federation::ENDPOINT,
            None => {
                return Err(table.error("token_endpoint", "there is no `token_endpoint`").with_hint(
                    "its address is in what `ISSUER/.well-known/openid-configuration` publishes",
                ));
            }
        };
        let endpoint =
            Address::parse(endpoint).map_err(|why| table.error("token_endpoint", why))?;
        let token = written.token.take().map(|input| table.input("token", input));
        let token = match token {
            None if is_anthropic => federation::token(table)?,
            token => token,
        };
        let token = token.ok_or_else(|| {
            table
                .error("token", "there is no `token` to trade in")
                .with_hint("say where it is: `token = { source = \"NAME\" }` or `{ file = \"…\" }`")
        })?;
        let ca_file = written.ca_file.take().map(|file| table.path("ca_file", &file));
        Ok(Self { endpoint, token, grant: written.into_grant(table)?, ca_file })
    }
}

impl Written {
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
                Err(table.error(key, format!("`{key}` is not for `grant = \"{name}\"`")))
            }
            None => Ok(()),
        }
    }

    fn into_grant(mut self, table: &SourceTable) -> Result<Grant, Error> {
        Ok(match self.grant {
            GrantName::Anthropic => Grant::Anthropic(Federation::read(table, self)?),
            GrantName::JwtBearer => Grant::JwtBearer(Terms::read(table, self)?),
            GrantName::TokenExchange => {
                let actor = self.actor_token.take().map(|input| table.input("actor_token", input));
                let actor_type = self.actor_token_type.take();
                if actor.is_none() && actor_type.is_some() {
                    return Err(table.error("actor_token_type", "there is no `actor_token`"));
                }
                Grant::TokenExchange(TokenExchange {
                    subject_type: self.subject_token_type.take().unwrap_or_default(),
                    requested_type: self.requested_token_type.take(),
                    actor: actor.map(|actor| (actor, actor_type.unwrap_or_default())),
                    terms: Terms::read(table, self)?,
                })
            }
        })
    }
}

impl From<OneOrSeveral> for Vec<String> {
    fn from(written: OneOrSeveral) -> Self {
        match written {
            OneOrSeveral::One(text) => vec![text],
            OneOrSeveral::Several(texts) => texts,
        }
    }
}

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
    fn what_cannot_work_is_said_at_once() {
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
    fn the_sdks_variables_fill_gaps() {
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
}
