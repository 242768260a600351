//! The table `auth` of a source.

use std::fmt;
use std::path::{Path, PathBuf};

use api_key_helper_backend::{Error, SecretInput, SourceTable};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error as _, IntoDeserializer as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::address::clean_path;
use crate::auth::{Auth, Input, Login, Method};
use crate::token_helper::TokenHelper;

/// `auth` as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Auth"))]
#[serde(tag = "method", rename_all = "lowercase", deny_unknown_fields, expecting = "a table")]
pub(super) enum RawAuth {
    /// a role and its secret id.
    Approle {
        /// Its path below `auth/`.
        ///
        /// Default: its name.
        mount: Option<String>,
        /// The role's id.
        role_id: String,
        /// The role's secret id, if it requires one.
        secret_id: Option<RawInput>,
    },
    /// `client_cert`.
    Cert {
        /// Its path below `auth/`.
        ///
        /// Default: its name.
        mount: Option<String>,
        /// The role to log in as.
        ///
        /// Default: the first one that fits the certificate.
        role: Option<String>,
    },
    /// a JWT of another issuer.
    Jwt {
        /// Its path below `auth/`.
        ///
        /// Default: its name.
        mount: Option<String>,
        /// The role to log in as.
        ///
        /// Default: the mount's own.
        role: Option<String>,
        /// The JWT.
        jwt: RawInput,
    },
    /// a pod's service account.
    Kubernetes {
        /// Its path below `auth/`.
        ///
        /// Default: its name.
        mount: Option<String>,
        /// The role to log in as.
        role: String,
        /// The service account's token.
        ///
        /// Default: the file where Kubernetes projects it.
        jwt: Option<RawInput>,
    },
    /// a name and password of LDAP.
    Ldap {
        /// Its path below `auth/`.
        ///
        /// Default: its name.
        mount: Option<String>,
        /// The user.
        username: String,
        /// The user's password.
        password: RawInput,
    },
    /// a token that another program provides and renews.
    Token {
        /// The token.
        ///
        /// Default: `~/.vault-token`.
        ///
        /// Also: `BAO_TOKEN`, `VAULT_TOKEN`.
        token: Option<RawInput>,
    },
    /// a name and password of Vault.
    Userpass {
        /// Its path below `auth/`.
        ///
        /// Default: its name.
        mount: Option<String>,
        /// The user.
        username: String,
        /// The user's password.
        password: RawInput,
    },
}

/// A secret input as it is written: `wrapped = true` may stand beside the place of the secret.
#[derive(Debug)]
pub(super) struct RawInput {
    input: SecretInput,
    wrapped: bool,
}

impl<'de> Deserialize<'de> for RawInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RawInputVisitor)
    }
}

/// Hands the table on as it is read, so that an error stays data: the text of another format's error
/// would quote a value that may be a secret.
struct RawInputVisitor;

impl<'de> Visitor<'de> for RawInputVisitor {
    type Value = RawInput;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table such as `{ env = \"NAME\" }`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawInput, A::Error> {
        let mut wrapped = false;
        let table = WithoutWrapped { map, wrapped: &mut wrapped };
        let input = SecretInput::deserialize(MapAccessDeserializer::new(table))?;
        Ok(RawInput { input, wrapped })
    }
}

/// The entries of a table but `wrapped`, whose value is kept.
struct WithoutWrapped<'a, A> {
    map: A,
    wrapped: &'a mut bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutWrapped<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.map.next_key::<String>()? {
            if key != "wrapped" {
                return seed.deserialize(key.into_deserializer()).map(Some);
            }
            let wrapped = self.map.next_value();
            *self.wrapped =
                wrapped.map_err(|_| A::Error::custom("`wrapped` must be `true` or `false`"))?;
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for RawInput {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretInputOfVault".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = SecretInput::json_schema(generator);
        schema.ensure_object()["properties"]["wrapped"] = serde_json::json!({
            "description": "What is there is a wrapping token for the secret.\n\nDefault: `false`.",
            "type": "boolean",
        });
        schema
    }
}

/// Settles where everything is. Nothing is read yet.
pub(super) fn read(table: &SourceTable, raw: Option<RawAuth>) -> Result<Auth, Error> {
    let (mount, standard, method, secret) = match raw {
        None | Some(RawAuth::Token { token: None }) => return from_environment(table),
        Some(RawAuth::Token { token: Some(raw) }) => {
            let secret = input(table, "token", raw);
            if !secret.wrapped {
                return Ok(Auth::External { input: secret.input, by_login_command: None });
            }
            (None, "token", Method::WrappedToken, Some(secret))
        }
        Some(RawAuth::Approle { mount, role_id, secret_id }) => {
            let secret = secret_id.map(|raw| input(table, "secret_id", raw));
            (mount, "approle", Method::Approle { role_id }, secret)
        }
        Some(RawAuth::Cert { mount, role }) => (mount, "cert", Method::Cert { role }, None),
        Some(RawAuth::Jwt { mount, role, jwt }) => {
            (mount, "jwt", Method::Jwt { role }, Some(input(table, "jwt", jwt)))
        }
        Some(RawAuth::Kubernetes { mount, role, jwt }) => {
            let secret = input(table, "jwt", jwt.unwrap_or_else(service_account_token));
            (mount, "kubernetes", Method::Kubernetes { role }, Some(secret))
        }
        Some(RawAuth::Ldap { mount, username, password }) => {
            let username = path(table, &username)?;
            let secret = input(table, "password", password);
            (mount, "ldap", Method::Ldap { username }, Some(secret))
        }
        Some(RawAuth::Userpass { mount, username, password }) => {
            let username = path(table, &username)?;
            let secret = input(table, "password", password);
            (mount, "userpass", Method::Userpass { username }, Some(secret))
        }
    };
    let mount = path(table, mount.as_deref().unwrap_or(standard))?;
    Ok(Auth::Login(Login { mount, method, secret }))
}

/// The token that the environment gives, else the one that `vault login` left.
fn from_environment(table: &SourceTable) -> Result<Auth, Error> {
    // All are read, so that they are recorded whatever their values are.
    let tokens = TOKEN_VARIABLES.map(|name| table.variable(name).map(|_| name));
    let home = table.variable("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    if let Some(name) = tokens.into_iter().flatten().next() {
        let input = table.input("auth", SecretInput::Env(name.to_owned()));
        return Ok(Auth::External { input, by_login_command: None });
    }
    let Some(home) = home else {
        return Err(table
            .error("auth", "there is no token: neither `VAULT_TOKEN` nor `HOME` is set")
            .with_hint("set `VAULT_TOKEN`, or an `auth` for the source"));
    };
    let file = home.join(Path::new(".vault-token"));
    let by_login_command = Some(TokenHelper::of(&home));
    Ok(Auth::External { input: SecretInput::File(file), by_login_command })
}

fn input(table: &SourceTable, name: &'static str, raw: RawInput) -> Input {
    let RawInput { input, wrapped } = raw;
    Input { input: table.input("auth", input), wrapped, name }
}

fn service_account_token() -> RawInput {
    RawInput { input: SecretInput::File(SERVICE_ACCOUNT_TOKEN.into()), wrapped: false }
}

fn path(table: &SourceTable, text: &str) -> Result<String, Error> {
    clean_path(text).map_err(|why| table.error("auth", why))
}

/// OpenBao's own name comes first, as for its command.
const TOKEN_VARIABLES: [&str; 2] = ["BAO_TOKEN", "VAULT_TOKEN"];

/// The file in which Kubernetes projects a pod's token.
const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
