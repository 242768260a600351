//! How we say who we are.

use std::path::{Path, PathBuf};

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{Error, Secret, SecretInput};
use serde::Deserialize;
use serde_json::json;
use vaultrs::api::auth::approle::requests::LoginWithApproleRequest;
use vaultrs::api::auth::kubernetes::requests::LoginWithKubernetesRequest;
use vaultrs::api::auth::oidc::requests::JWTLoginRequest;
use vaultrs::api::auth::userpass::requests::LoginRequest;
use vaultrs::api::sys::requests::UnwrapRequest;

use crate::answer::Verdict;
use crate::call::{Call, Plain};
use crate::config::path;
use crate::input::{Input, WrittenInput};

/// Where the token comes from.
#[derive(Debug)]
pub(crate) enum Auth {
    /// Somebody else gives it and owns it: it is read at every attempt, and neither kept, renewed nor
    /// revoked.
    Given {
        input: SecretInput,
        /// It is the file that `vault login` writes, which may not be there yet.
        by_login_command: bool,
    },
    /// We log in for it, and own it.
    Login(Login),
}

/// A login.
#[derive(Debug)]
pub(crate) struct Login {
    /// The path below `auth/`.
    pub(crate) mount: String,
    pub(crate) method: Method,
    /// Every method has one at most.
    pub(crate) secret: Option<Input>,
}

/// What a method wants to know beside the secret.
#[derive(Debug)]
pub(crate) enum Method {
    Approle {
        role_id: String,
    },
    Cert {
        role: Option<String>,
    },
    Jwt {
        role: Option<String>,
    },
    Kubernetes {
        role: String,
    },
    Ldap {
        username: String,
    },
    Userpass {
        username: String,
    },
    /// A token that somebody wrapped for us alone: to unwrap it is to log in.
    WrappedToken,
}

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

impl Login {
    /// The request that logs in. `secret` is what was found at [`Login::secret`].
    pub(crate) fn call(&self, secret: &Secret) -> Result<Call, Error> {
        let mount = self.mount.clone();
        let said = secret.expose().to_owned();
        let call = match &self.method {
            Method::Approle { role_id } => {
                let role_id = role_id.clone();
                Call::to(&LoginWithApproleRequest { mount, role_id, secret_id: said })
            }
            // `vaultrs` sends the role under a name that the server ignores.
            Method::Cert { role } => Call::to(&Plain {
                path: format!("auth/{mount}/login"),
                body: role.as_ref().map_or_else(|| json!({}), |role| json!({ "name": role })),
            }),
            Method::Jwt { role } => {
                Call::to(&JWTLoginRequest { mount, jwt: said, role: role.clone() })
            }
            Method::Kubernetes { role } => {
                Call::to(&LoginWithKubernetesRequest { mount, role: role.clone(), jwt: said })
            }
            // The two have the same path and the same body.
            Method::Ldap { username } | Method::Userpass { username } => {
                Call::to(&LoginRequest { mount, username: username.clone(), password: said })
            }
            Method::WrappedToken => unwrap(),
        };
        Ok(call?.hiding(secret))
    }

    /// Whether the TLS connection itself must say who we are.
    pub(crate) fn wants_certificate(&self) -> bool {
        matches!(self.method, Method::Cert { .. })
    }

    /// Who logs in, for messages.
    pub(crate) fn who(&self) -> String {
        let place = format!("auth/{}", self.mount);
        match &self.method {
            Method::Approle { role_id } => format!("role id `{role_id}` at `{place}`"),
            Method::Cert { role: Some(role) }
            | Method::Jwt { role: Some(role) }
            | Method::Kubernetes { role } => format!("role `{role}` at `{place}`"),
            Method::Cert { role: None } | Method::Jwt { role: None } => {
                format!("the default role at `{place}`")
            }
            Method::Ldap { username } | Method::Userpass { username } => {
                format!("user `{username}` at `{place}`")
            }
            Method::WrappedToken => "the wrapped token".to_owned(),
        }
    }

    /// What to look at when the login is refused.
    pub(crate) fn advice(&self, verdict: Verdict) -> String {
        let advice = self.who_to_ask();
        match verdict {
            // Whoever has no token is told this of a path that does not exist.
            Verdict::Forbidden => {
                format!("compare `auth.mount` with what `vault auth list` shows; else {advice}")
            }
            _ => advice.to_owned(),
        }
    }

    fn who_to_ask(&self) -> &'static str {
        match &self.method {
            Method::Approle { .. } => {
                "ask for a new `secret_id`, and whether the role still exists"
            }
            Method::Cert { .. } => {
                "ask whether that auth method trusts `client_cert`, and whether the role still exists"
            }
            Method::Jwt { .. } => {
                "ask whether the role still exists, and compare its bound claims with those of the `jwt`"
            }
            Method::Kubernetes { .. } => {
                "ask whether the role still exists, and is bound to this service account and namespace"
            }
            Method::Ldap { .. } | Method::Userpass { .. } => {
                "check the `password`, and ask whether the user still exists"
            }
            Method::WrappedToken => "ask for a new wrapped token",
        }
    }
}

/// The request that opens a wrapping token, which is also the token that it is sent with.
pub(crate) fn unwrap() -> Result<Call, Error> {
    // `None`, for the server takes a token in the body only beside another one in the header.
    Call::to(&UnwrapRequest { token: None }).map(Call::once)
}

/// OpenBao's own name comes first, as for its command.
const TOKEN_VARIABLES: [&str; 2] = ["BAO_TOKEN", "VAULT_TOKEN"];

/// Where Kubernetes projects a pod's token.
const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
