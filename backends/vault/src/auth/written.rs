//! What a source's table says of it.

use std::path::{Path, PathBuf};

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{Error, SecretInput};
use serde::Deserialize;

use super::{Auth, Login, Method};
use crate::config::path;
use crate::input::{Input, WrittenInput};

/// `auth` as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Auth"))]
#[serde(tag = "method", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum WrittenAuth {
    /// By a role and what proves it.
    Approle {
        /// The path of the auth method below `auth/`.
        ///
        /// Default: its name.
        mount: Option<String>,
        /// The role's id.
        role_id: String,
        /// What proves the role: a secret input.
        ///
        /// Default: none, for a role that wants none.
        secret_id: Option<WrittenInput>,
    },
    /// By `client_cert`.
    Cert {
        /// The path of the auth method below `auth/`.
        ///
        /// Default: its name.
        mount: Option<String>,
        /// The role to log in as.
        ///
        /// Default: the first one that fits the certificate.
        role: Option<String>,
    },
    /// By a JWT of another issuer.
    Jwt {
        /// The path of the auth method below `auth/`.
        ///
        /// Default: its name.
        mount: Option<String>,
        /// The role to log in as.
        ///
        /// Default: the mount's own.
        role: Option<String>,
        /// The JWT, a secret input.
        jwt: WrittenInput,
    },
    /// By a pod's service account.
    Kubernetes {
        /// The path of the auth method below `auth/`.
        ///
        /// Default: its name.
        mount: Option<String>,
        /// The role to log in as.
        role: String,
        /// The service account's token, a secret input.
        ///
        /// Default: the file where Kubernetes projects it.
        jwt: Option<WrittenInput>,
    },
    /// By a name and a password of LDAP.
    Ldap {
        /// The path of the auth method below `auth/`.
        ///
        /// Default: its name.
        mount: Option<String>,
        /// Who logs in.
        username: String,
        /// Its password, a secret input.
        password: WrittenInput,
    },
    /// By a token that somebody else looks after.
    Token {
        /// The token, a secret input.
        ///
        /// Default: `~/.vault-token`.
        ///
        /// Also: `BAO_TOKEN`, `VAULT_TOKEN`.
        token: Option<WrittenInput>,
    },
    /// By a name and a password of Vault's own.
    Userpass {
        /// The path of the auth method below `auth/`.
        ///
        /// Default: its name.
        mount: Option<String>,
        /// Who logs in.
        username: String,
        /// Its password, a secret input.
        password: WrittenInput,
    },
}

impl Auth {
    /// Settles where everything is. Nothing is read yet.
    pub(crate) fn read(table: &SourceTable, written: WrittenAuth) -> Result<Self, Error> {
        let (mount, standard, method, secret) = match written {
            WrittenAuth::Token { token: None } => return Self::from_surroundings(table),
            WrittenAuth::Token { token: Some(written) } => {
                let secret = Input::read(table, "token", written);
                if !secret.wrapped {
                    return Ok(Self::Given { input: secret.input, by_login_command: false });
                }
                (None, "token", Method::WrappedToken, Some(secret))
            }
            WrittenAuth::Approle { mount, role_id, secret_id } => {
                let secret = secret_id.map(|input| Input::read(table, "secret_id", input));
                (mount, "approle", Method::Approle { role_id }, secret)
            }
            WrittenAuth::Cert { mount, role } => (mount, "cert", Method::Cert { role }, None),
            WrittenAuth::Jwt { mount, role, jwt } => {
                (mount, "jwt", Method::Jwt { role }, Some(Input::read(table, "jwt", jwt)))
            }
            WrittenAuth::Kubernetes { mount, role, jwt } => {
                let secret = match jwt {
                    Some(jwt) => Input::read(table, "jwt", jwt),
                    None => {
                        Input::plain(table, "jwt", SecretInput::File(SERVICE_ACCOUNT_TOKEN.into()))
                    }
                };
                (mount, "kubernetes", Method::Kubernetes { role }, Some(secret))
            }
            WrittenAuth::Ldap { mount, username, password } => {
                let username = path(table, "auth", &username)?;
                let secret = Input::read(table, "password", password);
                (mount, "ldap", Method::Ldap { username }, Some(secret))
            }
            WrittenAuth::Userpass { mount, username, password } => {
                let username = path(table, "auth", &username)?;
                let secret = Input::read(table, "password", password);
                (mount, "userpass", Method::Userpass { username }, Some(secret))
            }
        };
        let mount = path(table, "auth", mount.as_deref().unwrap_or(standard))?;
        Ok(Self::Login(Login { mount, method, secret }))
    }

    /// The token that the environment gives, else the one that `vault login` left.
    pub(crate) fn from_surroundings(table: &SourceTable) -> Result<Self, Error> {
        for name in TOKEN_VARIABLES {
            if table.variable(name).is_some() {
                let input = table.input("auth", SecretInput::Env(name.to_owned()));
                return Ok(Self::Given { input, by_login_command: false });
            }
        }
        let home = table.variable("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        let Some(home) = home else {
            return Err(table
                .error("auth", "there is no token: neither `VAULT_TOKEN` nor `HOME` is set")
                .with_hint("set `VAULT_TOKEN`, or an `auth` for the source"));
        };
        let file = home.join(Path::new(".vault-token"));
        Ok(Self::Given { input: SecretInput::File(file), by_login_command: true })
    }
}

/// OpenBao's own name comes first, as for its command.
const TOKEN_VARIABLES: [&str; 2] = ["BAO_TOKEN", "VAULT_TOKEN"];

/// Where Kubernetes projects a pod's token.
const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
