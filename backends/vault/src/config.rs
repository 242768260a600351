//! What a source's table says.

use std::path::PathBuf;

use api_key_helper_core::Error;
use api_key_helper_core::config::SourceTable;
use reqwest::header::HeaderValue;
use serde::Deserialize;

use crate::address::Address;
use crate::auth::{Auth, WrittenAuth};
use crate::client::Connection;
use crate::read::{Engine, Target};
use crate::tls::{ClientCertificate, Tls};

/// Everything that a source's table and the environment say.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) connection: Connection,
    pub(crate) auth: Auth,
    pub(crate) target: Target,
}

/// The table as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Written {
    /// The server, or a list of servers of one cluster, tried in order.
    ///
    /// Default: none; it is needed.
    ///
    /// Also: `BAO_ADDR`, `VAULT_ADDR`.
    address: Option<Addresses>,
    /// How to log in.
    ///
    /// Default: `{ method = "token" }`.
    auth: Option<WrittenAuth>,
    /// A folder of files such as `ca_file`.
    ///
    /// Also: `BAO_CAPATH`, `VAULT_CAPATH`.
    ca_dir: Option<PathBuf>,
    /// Certificates (PEM) of authorities to trust, beside those of the operating system.
    ///
    /// Also: `BAO_CACERT`, `VAULT_CACERT`.
    ca_file: Option<PathBuf>,
    /// The certificate (PEM) that we show.
    ///
    /// Also: `BAO_CLIENT_CERT`, `VAULT_CLIENT_CERT`.
    client_cert: Option<PathBuf>,
    /// The private key (PEM) of `client_cert`.
    ///
    /// Also: `BAO_CLIENT_KEY`, `VAULT_CLIENT_KEY`.
    client_key: Option<PathBuf>,
    /// What answers at `path`.
    ///
    /// Default: `"kv2"`.
    engine: Option<WrittenEngine>,
    /// The field that holds the key; `"*"`: all of them are the key, as a JSON document.
    ///
    /// Default: the only field.
    field: Option<String>,
    /// Where the engine is mounted.
    ///
    /// Default: `"secret"`; with `engine = "read"` the first part of `path`.
    mount: Option<String>,
    /// The namespace.
    ///
    /// Also: `BAO_NAMESPACE`, `VAULT_NAMESPACE`.
    namespace: Option<String>,
    /// The secret, below the mount and without the `data/` of the API; with `engine = "read"` the
    /// whole path.
    path: String,
    /// The host name to ask for by SNI and to look for in the certificate; the connection then
    /// uses no proxy.
    ///
    /// Also: `BAO_TLS_SERVER_NAME`, `VAULT_TLS_SERVER_NAME`.
    tls_server_name: Option<String>,
    /// A version of a secret of `engine = "kv2"`.
    ///
    /// Default: the newest.
    version: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "an address is a text, or a list of texts")]
enum Addresses {
    One(String),
    Several(Vec<String>),
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Engine"))]
#[serde(rename_all = "lowercase")]
enum WrittenEngine {
    Kv1,
    #[default]
    Kv2,
    Read,
}

impl Settings {
    /// Reads the table and what fills its gaps.
    pub(crate) fn read(table: &SourceTable) -> Result<Self, Error> {
        let written: Written = table.parse()?;
        let target = target(table, &written)?;
        let connection = Connection {
            addresses: addresses(table, written.address)?,
            namespace: namespace(table, written.namespace)?,
            tls: Tls {
                ca_file: file(table, "ca_file", written.ca_file, "CACERT")?,
                ca_dir: file(table, "ca_dir", written.ca_dir, "CAPATH")?,
                client: client_certificate(table, written.client_cert, written.client_key)?,
                server_name: server_name(table, written.tls_server_name)?,
                skip_verify: skip_verify(table)?,
            },
        };
        let auth = match written.auth {
            Some(auth) => Auth::read(table, auth)?,
            None => Auth::from_surroundings(table)?,
        };
        if let Auth::Login(login) = &auth
            && login.wants_certificate()
            && connection.tls.client.is_none()
        {
            return Err(table
                .error(
                    "auth",
                    "the method `cert` logs in by a client certificate, and there is none",
                )
                .with_hint("set `client_cert` and `client_key`"));
        }
        Ok(Self { connection, auth, target })
    }
}

/// `text` as the path of a mount, a secret or a user: without outer slashes, and without parts that
/// an address would swallow.
pub(crate) fn path(table: &SourceTable, key: &str, text: &str) -> Result<String, Error> {
    let path = text.trim_matches('/');
    let bad = |part: &str| matches!(part, "" | "." | "..") || part.chars().any(char::is_control);
    if path.split('/').any(bad) {
        return Err(table.error(key, format!("{text:?} is not a path")));
    }
    Ok(path.to_owned())
}

fn target(table: &SourceTable, written: &Written) -> Result<Target, Error> {
    let secret = path(table, "path", &written.path)?;
    let mount = written.mount.as_deref().map(|mount| path(table, "mount", mount)).transpose()?;
    let engine = written.engine.unwrap_or_default();
    if written.version.is_some() && !matches!(engine, WrittenEngine::Kv2) {
        return Err(table.error("version", "only secrets of `engine = \"kv2\"` have versions"));
    }
    let (engine, mount, path) = match engine {
        WrittenEngine::Kv1 => (Engine::Kv1, mount, secret),
        WrittenEngine::Kv2 => (Engine::Kv2 { version: written.version }, mount, secret),
        // Any path, its mount included, though that may stand in `mount` as well.
        WrittenEngine::Read => match (mount, secret.split_once('/')) {
            (Some(mount), _) => (Engine::Read, Some(mount), secret),
            (None, Some((mount, path))) => (Engine::Read, Some(mount.to_owned()), path.to_owned()),
            (None, None) => {
                return Err(table
                    .error("path", "`engine = \"read\"` wants the whole path, mount included")
                    .with_hint("write it as for `vault read`, such as `rabbitmq/creds/ROLE`"));
            }
        },
    };
    let mount = mount.unwrap_or_else(|| "secret".to_owned());
    Ok(Target { engine, mount, path, field: written.field.clone() })
}

fn addresses(table: &SourceTable, written: Option<Addresses>) -> Result<Vec<Address>, Error> {
    let texts = match written {
        Some(Addresses::One(text)) => vec![text],
        Some(Addresses::Several(texts)) => texts,
        None => variable(table, "address", "ADDR")?.into_iter().collect(),
    };
    if texts.is_empty() {
        return Err(table
            .error("address", "there is no address")
            .with_hint("set `address` of the source, or `VAULT_ADDR`"));
    }
    let read = |text: &String| {
        Address::parse(text).map_err(|why| {
            table.error("address", why).with_hint("write it as `https://vault.example.com:8200`")
        })
    };
    texts.iter().map(read).collect()
}

fn namespace(table: &SourceTable, written: Option<String>) -> Result<Option<HeaderValue>, Error> {
    let text = match written {
        Some(text) => Some(text),
        None => variable(table, "namespace", "NAMESPACE")?,
    };
    let Some(text) = text else { return Ok(None) };
    let path = path(table, "namespace", &text)?;
    HeaderValue::from_str(&path)
        .map(Some)
        .map_err(|_| table.error("namespace", format!("{text:?} is not a namespace")))
}

fn file(
    table: &SourceTable,
    key: &str,
    own: Option<PathBuf>,
    name: &str,
) -> Result<Option<PathBuf>, Error> {
    match own {
        Some(file) => Ok(Some(table.path(key, &file))),
        None => Ok(variable(table, key, name)?.map(PathBuf::from)),
    }
}

fn client_certificate(
    table: &SourceTable,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Result<Option<ClientCertificate>, Error> {
    let cert = file(table, "client_cert", cert, "CLIENT_CERT")?;
    let key = file(table, "client_key", key, "CLIENT_KEY")?;
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Some(ClientCertificate { cert, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(table.error("client_cert", "it needs its `client_key`")),
        (None, Some(_)) => Err(table.error("client_key", "it needs its `client_cert`")),
    }
}

fn server_name(table: &SourceTable, written: Option<String>) -> Result<Option<String>, Error> {
    let name = match written {
        Some(name) => Some(name),
        None => variable(table, "tls_server_name", "TLS_SERVER_NAME")?,
    };
    let Some(name) = name else { return Ok(None) };
    match url::Host::parse(&name) {
        Ok(url::Host::Domain(name)) => Ok(Some(name)),
        _ => Err(table
            .error("tls_server_name", format!("{name:?} is not a host name"))
            .with_hint("write the name that is in the server's certificate")),
    }
}

/// As Vault's own command reads it (Go's `strconv.ParseBool`). It says what `ca_file` is for: whom to
/// trust.
fn skip_verify(table: &SourceTable) -> Result<bool, Error> {
    match variable(table, "ca_file", "SKIP_VERIFY")?.as_deref() {
        None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => {
            table.warn(format!(
                "source `{}` trusts any certificate, for `VAULT_SKIP_VERIFY` is set: anybody on the \
                 way can read its token and its key",
                table.name()
            ));
            Ok(true)
        }
        Some(_) => Err(Error::misconfigured("`VAULT_SKIP_VERIFY` is neither `true` nor `false`")
            .with_hint("run `unset VAULT_SKIP_VERIFY`")),
    }
}

/// Vault's variable of that name, which fills the gap of `key`; OpenBao's own name of it comes first,
/// as for its command.
fn variable(table: &SourceTable, key: &str, name: &str) -> Result<Option<String>, Error> {
    for prefix in ["BAO", "VAULT"] {
        if let Some(value) = table.filling(key, &format!("{prefix}_{name}"))? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}
