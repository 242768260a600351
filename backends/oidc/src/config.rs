//! What a source's table says.

use std::path::PathBuf;

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{Error, SecretInput};
use serde::Deserialize;

use crate::discovery::Endpoints;
use crate::endpoint::Endpoint;
use crate::tls::Tls;

/// Everything that a source's table says.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The source's name, for hints.
    pub(crate) source: String,
    /// As it is written: a provider must call itself exactly so.
    pub(crate) issuer: Option<Issuer>,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<SecretInput>,
    pub(crate) scopes: Vec<String>,
    pub(crate) audience: Option<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) key: Wanted,
    /// The endpoints that are written by hand. They go before what a provider says of itself.
    pub(crate) by_hand: Endpoints,
    pub(crate) tls: Tls,
}

/// Which of the tokens is the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
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
struct Written {
    audience: Option<String>,
    ca_file: Option<PathBuf>,
    client_id: String,
    client_secret: Option<SecretInput>,
    device_authorization_endpoint: Option<String>,
    issuer: Option<String>,
    jwks_uri: Option<String>,
    #[serde(default)]
    key: Wanted,
    resource: Option<Resources>,
    revocation_endpoint: Option<String>,
    scopes: Option<Vec<String>>,
    token_endpoint: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a resource is a text, or a list of texts")]
enum Resources {
    One(String),
    Several(Vec<String>),
}

impl Settings {
    /// Reads the table.
    pub(crate) fn read(table: &SourceTable) -> Result<Self, Error> {
        let written: Written = table.parse()?;
        let endpoint = |key: &str, text: Option<String>| {
            text.map(|text| Endpoint::parse(&text).map_err(|why| table.error(key, why))).transpose()
        };
        let by_hand = Endpoints {
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
        if issuer.is_none() && !by_hand.suffice(written.key) {
            return Err(table.error("issuer", "there is no `issuer`").with_hint(
                "set it, or `device_authorization_endpoint` and `token_endpoint` by hand",
            ));
        }
        if issuer.is_none() && written.key == Wanted::IdToken {
            return Err(table.error("key", "an ID token is checked against its `issuer`"));
        }
        let scopes = written
            .scopes
            .unwrap_or_else(|| ["openid", "offline_access"].map(str::to_owned).to_vec());
        if scopes.iter().any(|scope| !is_scope(scope)) {
            return Err(table
                .error("scopes", "each scope is one word")
                .with_hint("write them as a list: `[\"openid\", \"offline_access\"]`"));
        }
        if written.key == Wanted::IdToken && !scopes.iter().any(|scope| scope == "openid") {
            return Err(table.error("scopes", "without `openid` there is no ID token"));
        }
        Ok(Self {
            source: table.name().to_owned(),
            issuer,
            client_id: written.client_id,
            client_secret: written.client_secret.map(|input| table.input("client_secret", input)),
            scopes,
            audience: written.audience,
            resources: match written.resource {
                None => Vec::new(),
                Some(Resources::One(resource)) => vec![resource],
                Some(Resources::Several(resources)) => resources,
            },
            key: written.key,
            by_hand,
            tls: Tls { ca_file: written.ca_file.map(|file| table.path("ca_file", &file)) },
        })
    }

    /// An error that a login mends.
    pub(crate) fn needs_login(&self, message: impl Into<String>) -> Error {
        Error::needs_login(message).with_hint(format!("run {}", self.login_command()))
    }

    /// What to run, in backticks.
    pub(crate) fn login_command(&self) -> String {
        format!("`api-key-helper login --source {}`", self.source)
    }

    #[cfg(any(test, fuzzing))]
    pub(crate) fn for_tests() -> Self {
        let toml = "issuer = 'https://idp.example.com'\nclient_id = 'helper'";
        let folder = std::path::Path::new("/");
        let table = SourceTable::from_toml("sso", toml, folder, std::collections::BTreeMap::new());
        Self::read(&table.unwrap()).unwrap()
    }
}

/// RFC 6749, section 3.3.
fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\\')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    fn read(toml: &str) -> Result<Settings, Error> {
        let toml = format!("client_id = 'helper'\n{toml}");
        let table = SourceTable::from_toml("sso", &toml, Path::new("/etc"), BTreeMap::new());
        Settings::read(&table.unwrap())
    }

    #[test]
    fn the_least_is_an_issuer_and_a_client() {
        let settings = read("issuer = 'https://idp.example.com'").unwrap();
        assert_eq!(settings.scopes, ["openid", "offline_access"]);
        assert_eq!(settings.key, Wanted::AccessToken);
        assert!(settings.resources.is_empty());
    }

    #[test]
    fn endpoints_by_hand_need_no_issuer() {
        let both = "device_authorization_endpoint = 'https://i/d'\ntoken_endpoint = 'https://i/t'";
        assert!(read(both).is_ok());
        assert!(read("token_endpoint = 'https://i/t'").is_err());
        assert!(read(&format!("{both}\njwks_uri = 'https://i/j'\nkey = 'id_token'")).is_err());
    }

    #[test]
    fn what_cannot_work_is_said_at_once() {
        for (toml, says) in [
            ("", "no `issuer`"),
            ("issuer = 'http://idp.example.com'", "plain http"),
            ("issuer = 'https://i'\ntoken_endpoint = 'http://i/t'", "plain http"),
            ("issuer = 'https://i'\nscopes = ['openid offline_access']", "one word"),
            ("issuer = 'https://i'\nscopes = ['a']\nkey = 'id_token'", "without `openid`"),
            ("issuer = 'https://i'\nkey = 'refresh_token'", "access_token"),
            ("issuer = 'https://i'\nisuer = 'x'", "issuer"),
        ] {
            let error = read(toml).unwrap_err();
            assert!(error.report().contains(says), "{toml}: {}", error.report());
        }
    }
}
