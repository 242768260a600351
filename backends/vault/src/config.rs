//! What a source's table says.

mod auth;

use std::path::PathBuf;

use api_key_helper_backend::field::Field;
use api_key_helper_backend::{Error, SourceTable};
use api_key_helper_http::ProxyVariables;
use auth::RawAuth;
use reqwest::header::HeaderValue;
use serde::Deserialize;

use crate::address::{Address, clean_path};
use crate::auth::Auth;
use crate::connection::Connection;
use crate::target::{DEFAULT_MOUNT, Engine, Target};
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
pub(crate) struct RawConfig {
    /// The server, or a list of servers of one cluster, tried in order.
    ///
    /// Default: required.
    ///
    /// Also: `BAO_ADDR`, `VAULT_ADDR`.
    address: Option<Addresses>,
    /// The login.
    ///
    /// Default: `{ method = "token" }`.
    auth: Option<RawAuth>,
    /// A folder of files such as `ca_file`.
    ///
    /// Also: `BAO_CAPATH`, `VAULT_CAPATH`.
    ca_dir: Option<PathBuf>,
    /// Certificates (PEM) of authorities to trust, beside those of the operating system.
    ///
    /// Also: `BAO_CACERT`, `VAULT_CACERT`.
    ca_file: Option<PathBuf>,
    /// The client certificate (PEM).
    ///
    /// Also: `BAO_CLIENT_CERT`, `VAULT_CLIENT_CERT`.
    client_cert: Option<PathBuf>,
    /// The private key (PEM) of `client_cert`.
    ///
    /// Also: `BAO_CLIENT_KEY`, `VAULT_CLIENT_KEY`.
    client_key: Option<PathBuf>,
    /// The engine: KV version 1 or 2, or any path that answers with `data`.
    ///
    /// Default: `"kv2"`.
    engine: Option<RawEngine>,
    /// The field that holds the key: a name, or a JSON pointer such as `/keys/0`; `"*"`: all of
    /// them are the key, as a JSON document.
    ///
    /// Default: the only field.
    field: Option<String>,
    /// The engine's mount.
    ///
    /// Default: `"secret"`; with `engine = "read"` the first part of `path`.
    mount: Option<String>,
    /// The namespace; `""` and `"/"` are the root namespace.
    ///
    /// Also: `BAO_NAMESPACE`, `VAULT_NAMESPACE`.
    namespace: Option<String>,
    /// The secret, below the mount and without the `data/` of the API; with `engine = "read"` the
    /// whole path.
    path: String,
    /// The host name to ask for by SNI and to look for in the certificate; it does not work
    /// through a proxy.
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
enum RawEngine {
    Kv1,
    #[default]
    Kv2,
    Read,
}

impl Settings {
    /// Reads the table and what fills its gaps.
    pub(crate) fn read(table: &SourceTable) -> Result<Self, Error> {
        let raw: RawConfig = table.parse()?;
        let target = target(table, &raw)?;
        let unverified = unverified(table, &raw)?;
        let [ca_file, ca_dir] = authorities(table, raw.ca_file, raw.ca_dir)?;
        let connection = Connection {
            addresses: addresses(table, raw.address)?,
            namespace: namespace(table, raw.namespace)?,
            tls: Tls {
                ca_file,
                ca_dir,
                client: client_certificate(table, raw.client_cert, raw.client_key)?,
                server_name: server_name(table, raw.tls_server_name)?,
                unverified,
            },
            // As Vault's and OpenBao's own commands do.
            proxies: ProxyVariables::read(
                &["BAO_PROXY_ADDR", "VAULT_PROXY_ADDR", "BAO_HTTP_PROXY", "VAULT_HTTP_PROXY"],
                |name| table.unrecorded(name),
            ),
        };
        let auth = auth::read(table, raw.auth)?;
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

fn target(table: &SourceTable, raw: &RawConfig) -> Result<Target, Error> {
    let path = |key, text: &str| clean_path(text).map_err(|why| table.error(key, why));
    let secret = path("path", &raw.path)?;
    let mount = raw.mount.as_deref().map(|mount| path("mount", mount)).transpose()?;
    let engine = raw.engine.unwrap_or_default();
    if raw.version.is_some() && !matches!(engine, RawEngine::Kv2) {
        return Err(table.error("version", "only secrets of `engine = \"kv2\"` have versions"));
    }
    let (engine, mount, path) = match engine {
        RawEngine::Kv1 => (Engine::Kv1, mount, secret),
        RawEngine::Kv2 => (Engine::Kv2 { version: raw.version }, mount, secret),
        // Any path, its mount included, though that may stand in `mount` as well.
        RawEngine::Read => match (mount, secret.split_once('/')) {
            (Some(mount), _) => (Engine::Read, Some(mount), secret),
            (None, Some((mount, path))) => (Engine::Read, Some(mount.to_owned()), path.to_owned()),
            (None, None) => {
                return Err(table
                    .error("path", "`engine = \"read\"` wants the whole path, mount included")
                    .with_hint("write it as for `vault read`, such as `rabbitmq/creds/ROLE`"));
            }
        },
    };
    let mount = mount.unwrap_or_else(|| DEFAULT_MOUNT.to_owned());
    let field = raw.field.clone().map(Field::new);
    Ok(Target { engine, mount, path, field })
}

/// A setting's text, and the variable that it comes from where the file leaves it out: an error
/// names the place that the user has to change.
struct Text {
    text: String,
    variable: Option<String>,
}

impl Text {
    const fn of_file(text: String) -> Self {
        Self { text, variable: None }
    }

    fn objection(&self, table: &SourceTable, key: &str, why: impl AsRef<str>) -> Error {
        match &self.variable {
            None => table.error(key, why),
            Some(variable) => {
                Error::misconfigured(format!("the variable `{variable}`: {}", why.as_ref()))
                    .with_hint(format!("correct it, or run `unset {variable}`"))
            }
        }
    }
}

fn addresses(table: &SourceTable, written: Option<Addresses>) -> Result<Vec<Address>, Error> {
    let texts: Vec<Text> = match written {
        Some(Addresses::One(text)) => vec![Text::of_file(text)],
        Some(Addresses::Several(texts)) => texts.into_iter().map(Text::of_file).collect(),
        None => selector(table, "address", "ADDR")?.into_iter().collect(),
    };
    if texts.is_empty() {
        return Err(table
            .error("address", "there is no address")
            .with_hint("set `address` of the source, or `VAULT_ADDR`"));
    }
    let read = |written: &Text| {
        Address::parse(&written.text).map_err(|why| {
            written
                .objection(table, "address", why)
                .with_hint("write it as `https://vault.example.com:8200`")
        })
    };
    texts.iter().map(read).collect()
}

/// The namespace; `None` is the root namespace, which is also written as `""` and `/`.
fn namespace(table: &SourceTable, written: Option<String>) -> Result<Option<HeaderValue>, Error> {
    let written = match written {
        Some(text) => Some(Text::of_file(text)),
        None => selector(table, "namespace", "NAMESPACE")?,
    };
    let Some(written) = written else { return Ok(None) };
    if written.text.trim_matches('/').is_empty() {
        return Ok(None);
    }
    let invalid = |why: String| written.objection(table, "namespace", why);
    let path = clean_path(&written.text).map_err(invalid)?;
    HeaderValue::from_str(&path)
        .map(Some)
        .map_err(|_| invalid(format!("`{}` is not a namespace", written.text)))
}

/// Returns the trusted authorities. Where the file names them by `ca_file` or `ca_dir`, no variable
/// adds one.
fn authorities(
    table: &SourceTable,
    ca_file: Option<PathBuf>,
    ca_dir: Option<PathBuf>,
) -> Result<[Option<PathBuf>; 2], Error> {
    if ca_file.is_some() || ca_dir.is_some() {
        let path = |key, file: Option<PathBuf>| file.map(|file| table.path(key, &file));
        return Ok([path("ca_file", ca_file), path("ca_dir", ca_dir)]);
    }
    Ok([file(table, "ca_file", None, "CACERT")?, file(table, "ca_dir", None, "CAPATH")?])
}

fn file(
    table: &SourceTable,
    key: &str,
    own: Option<PathBuf>,
    name: &str,
) -> Result<Option<PathBuf>, Error> {
    match own {
        Some(file) => Ok(Some(table.path(key, &file))),
        None => {
            let found = variable(table, key, name)?;
            Ok(found.map(|found| SourceTable::path_of_variable(&found.text)))
        }
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
    let written = match written {
        Some(text) => Some(Text::of_file(text)),
        None => variable(table, "tls_server_name", "TLS_SERVER_NAME")?,
    };
    let Some(written) = written else { return Ok(None) };
    match url::Host::parse(&written.text) {
        Ok(url::Host::Domain(name)) => Ok(Some(name)),
        _ => Err(written
            .objection(table, "tls_server_name", format!("`{}` is not a host name", written.text))
            .with_hint("write the name that is in the server's certificate")),
    }
}

/// The name of the variable that turns verification off, read as Vault's own command reads it (Go's
/// `strconv.ParseBool`). It answers the question that `ca_file`, `ca_dir` and `tls_server_name`
/// answer, and a variable never overrides the file: where one of them is written, it has no effect.
fn unverified(table: &SourceTable, raw: &RawConfig) -> Result<Option<String>, Error> {
    let Some(found) = variable(table, "ca_file", "SKIP_VERIFY")? else { return Ok(None) };
    let name = found.variable.unwrap_or_default();
    match found.text.as_str() {
        "0" | "f" | "F" | "false" | "FALSE" | "False" => return Ok(None),
        "1" | "t" | "T" | "true" | "TRUE" | "True" => {}
        _ => {
            return Err(Error::misconfigured(format!("`{name}` is neither `true` nor `false`"))
                .with_hint(format!("run `unset {name}`")));
        }
    }
    let settings = [
        ("ca_file", raw.ca_file.is_some()),
        ("ca_dir", raw.ca_dir.is_some()),
        ("tls_server_name", raw.tls_server_name.is_some()),
    ];
    let source = table.name();
    if let Some((key, _)) = settings.iter().find(|(_, is_written)| *is_written) {
        table.warn(format!(
            "source `{source}` verifies certificates: `{name}` has no effect beside `{key}`"
        ));
        return Ok(None);
    }
    table.warn(format!(
        "source `{source}` trusts any certificate, because `{name}` is set: anyone on the way can \
         read its token and its key"
    ));
    Ok(Some(name))
}

/// Vault's variable of that name, which fills the gap of `key`; OpenBao's own name of it comes
/// first, as for its command.
fn variable(table: &SourceTable, key: &str, name: &str) -> Result<Option<Text>, Error> {
    first_set(name, |variable| table.filling(key, variable))
}

/// The same for a variable that says whose key it is.
fn selector(table: &SourceTable, key: &str, name: &str) -> Result<Option<Text>, Error> {
    first_set(name, |variable| table.selecting(key, variable))
}

/// Both names are read, so that they are recorded whatever their values are.
fn first_set(
    name: &str,
    read: impl Fn(&str) -> Result<Option<String>, Error>,
) -> Result<Option<Text>, Error> {
    let filled = |prefix: &str| -> Result<Option<Text>, Error> {
        let variable = format!("{prefix}_{name}");
        let text = read(&variable)?;
        Ok(text.map(|text| Text { text, variable: Some(variable) }))
    };
    let (own, vaults) = (filled("BAO")?, filled("VAULT")?);
    Ok(own.or(vaults))
}
