//! Where a source's token comes from: a secret input, or a login.

use api_key_helper_backend::{Error, Secret, SecretInput};
use serde_json::json;
use vaultrs::api::auth::approle::requests::LoginWithApproleRequest;
use vaultrs::api::auth::kubernetes::requests::LoginWithKubernetesRequest;
use vaultrs::api::auth::oidc::requests::JWTLoginRequest;
use vaultrs::api::auth::userpass::requests::LoginRequest;
use vaultrs::api::sys::requests::UnwrapRequest;

use crate::answer::Verdict;
use crate::call::{Call, Plain};
use crate::token_helper::TokenHelper;

/// Where the token comes from.
#[derive(Debug)]
pub(crate) enum Auth {
    /// Another program provides it and owns it: it is read at every attempt, and neither kept,
    /// renewed nor revoked.
    External {
        input: SecretInput,
        /// The token helper to which `vault login` may hand a token instead, if `input` is the file
        /// that this command writes. That file may not be there yet.
        by_login_command: Option<TokenHelper>,
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

/// Where the secret of an auth method is, and what it is called there.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) input: SecretInput,
    /// What is found there is a single-use token for the secret
    /// (`<https://openbao.org/docs/concepts/response-wrapping/>`).
    pub(crate) wrapped: bool,
    /// The key below `auth`, which is also what the server calls it.
    pub(crate) name: &'static str,
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
    /// A wrapped token: to unwrap it is to log in.
    WrappedToken,
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
            Method::WrappedToken => unwrap_call(),
        };
        Ok(call?.hiding(secret))
    }

    /// Returns whether the TLS connection itself must say who we are.
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
            // Without a token, this is the answer for a path that does not exist.
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
pub(crate) fn unwrap_call() -> Result<Call, Error> {
    // `None`, for the server takes a token in the body only beside another one in the header.
    Call::to(&UnwrapRequest { token: None }).map(Call::once)
}
