//! Reads a source's table: the raw configuration is known only here.

use std::time::Duration;

use api_key_helper_backend::field::Field;
use api_key_helper_backend::{Error, SecretInput};
use api_key_helper_backend::{RawDuration, SourceTable};
use api_key_helper_http::{self as http, ProxyVariables};
use serde::Deserialize;

use crate::environment::{Environment, Overrides};
use crate::role::{Role, SESSION_NAME, WebIdentity};
use crate::target::{SecretId, Target, Version};

/// Everything that a source's table and the environment say.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) target: Target,
    /// Where Secrets Manager is asked, and only it.
    pub(crate) endpoint: Option<String>,
    pub(crate) environment: Environment,
    pub(crate) proxies: ProxyVariables,
    pub(crate) profile: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) role: Option<Role>,
    pub(crate) rotation_aware: bool,
    pub(crate) web_identity: Option<WebIdentity>,
}

/// The table as TOML has it.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct RawConfig {
    /// A role to assume.
    assume_role: Option<RawRole>,
    /// The profile of the shared files.
    ///
    /// Default: `"default"`.
    ///
    /// Also: `AWS_PROFILE`.
    aws_profile: Option<String>,
    /// The address of Secrets Manager, such as a VPC endpoint.
    ///
    /// Default: AWS's own, or the profile's.
    ///
    /// Also: `AWS_ENDPOINT_URL_SECRETS_MANAGER`, `AWS_ENDPOINT_URL`.
    endpoint: Option<String>,
    /// The field that holds the key: a name, or a JSON pointer such as `/keys/0`; `"*"`: the
    /// whole JSON document is the key.
    ///
    /// Default: the whole text is the key.
    field: Option<String>,
    /// The region of the secret.
    ///
    /// Default: that of the ARN, the profile's, or the machine's.
    ///
    /// Also: `AWS_REGION`, `AWS_DEFAULT_REGION`.
    region: Option<String>,
    /// Read the secret again when AWS says that it rotates.
    ///
    /// Default: `false`.
    #[serde(default)]
    rotation_aware: bool,
    /// The name of the secret, or its ARN, whose region is used then.
    secret_id: String,
    /// The version by its id, of any stage unless `version_stage` is set.
    version_id: Option<String>,
    /// The version by its staging label.
    ///
    /// Default: `"AWSCURRENT"`, unless there is a `version_id`.
    version_stage: Option<String>,
    /// A role to assume by a token.
    web_identity: Option<RawWebIdentity>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Role"))]
#[serde(deny_unknown_fields)]
struct RawRole {
    /// The role's ARN.
    arn: String,
    /// The life of its credentials, from `15m` to `12h`.
    ///
    /// Default: the role's own, `1h`.
    duration: Option<RawDuration>,
    /// The external id that the role requires.
    external_id: Option<String>,
    /// The name of the session in AWS's own log.
    ///
    /// Default: `"api-key-helper"`.
    session_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "WebIdentity"))]
#[serde(deny_unknown_fields)]
struct RawWebIdentity {
    /// The life of its credentials, from `15m` to `12h`.
    ///
    /// Default: the role's own, `1h`.
    duration: Option<RawDuration>,
    /// The role's ARN.
    role_arn: String,
    /// The name of the session in AWS's own log.
    ///
    /// Default: `"api-key-helper"`.
    session_name: Option<String>,
    /// The token.
    token: SecretInput,
}

impl Settings {
    /// Reads the table and what fills its gaps.
    pub(crate) fn read(table: &SourceTable) -> Result<Self, Error> {
        let raw: RawConfig = table.parse()?;
        if raw.aws_profile.is_some() && raw.web_identity.is_some() {
            return Err(table
                .error("aws_profile", "with `web_identity` no profile has credentials to give")
                .with_hint("remove one of them"));
        }
        let secret = secret_id(table, raw.secret_id)?;
        let region = region(table, raw.region, &secret)?;
        let overrides = Overrides {
            endpoint: raw.endpoint.is_some(),
            profile: raw.aws_profile.is_some(),
            region: region.is_some(),
            web_identity: raw.web_identity.is_some(),
        };
        Ok(Self {
            target: Target {
                secret,
                field: raw
                    .field
                    .map(|field| text(table, "field", field))
                    .transpose()?
                    .map(Field::new),
                version: version(table, raw.version_stage, raw.version_id)?,
            },
            endpoint: raw.endpoint.map(|endpoint| url(table, endpoint)).transpose()?,
            environment: Environment::read(table, overrides)?,
            proxies: ProxyVariables::read(&[], |name| table.unrecorded(name)),
            profile: raw
                .aws_profile
                .map(|profile| text(table, "aws_profile", profile))
                .transpose()?,
            region,
            role: raw.assume_role.map(|role| assumed(table, role)).transpose()?,
            rotation_aware: raw.rotation_aware,
            web_identity: raw
                .web_identity
                .map(|identity| web_identity(table, identity))
                .transpose()?,
        })
    }
}

fn secret_id(table: &SourceTable, raw: String) -> Result<SecretId, Error> {
    let id = text(table, "secret_id", raw)?;
    SecretId::parse(id).map_err(|id| {
        table
            .error("secret_id", format!("`{id}` is not the ARN of a secret"))
            .with_hint("write `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME`, or the name")
    })
}

fn region(
    table: &SourceTable,
    raw: Option<String>,
    secret: &SecretId,
) -> Result<Option<String>, Error> {
    let Some(region) = raw else { return Ok(None) };
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if region.is_empty() || !region.chars().all(is_plain) {
        return Err(table
            .error("region", format!("`{region}` is not a region"))
            .with_hint("write it as `eu-west-1`"));
    }
    match secret.region() {
        Some(other) if other != region => Err(table
            .error("region", format!("`secret_id` names a secret in `{other}`"))
            .with_hint("remove `region`")),
        _ => Ok(Some(region)),
    }
}

/// The stage is always sent: a server may have another idea of the default than the documentation.
/// A version that is named by its id may be of any stage.
fn version(
    table: &SourceTable,
    stage: Option<String>,
    id: Option<String>,
) -> Result<Version, Error> {
    let stage = stage.map(|stage| text(table, "version_stage", stage)).transpose()?;
    let id = id.map(|id| text(table, "version_id", id)).transpose()?;
    let stage = stage.or_else(|| id.is_none().then(|| "AWSCURRENT".to_owned()));
    Ok(Version { stage, id })
}

fn url(table: &SourceTable, endpoint: String) -> Result<String, Error> {
    let wrong = |why| {
        table.error("endpoint", why).with_hint(
            "write it as `https://vpce-0123.secretsmanager.eu-west-1.vpce.amazonaws.com`",
        )
    };
    let url = http::url(&endpoint).map_err(wrong)?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        // Without the text: a password with a `/` in it reads as a path.
        return Err(wrong("it is not an address of a server".to_owned()));
    }
    Ok(endpoint)
}

fn assumed(table: &SourceTable, raw: RawRole) -> Result<Role, Error> {
    let key = "assume_role";
    Ok(Role {
        arn: role_arn(table, key, raw.arn)?,
        duration: duration(table, key, raw.duration)?,
        external_id: raw.external_id,
        session_name: session_name(table, key, raw.session_name)?,
    })
}

fn web_identity(table: &SourceTable, raw: RawWebIdentity) -> Result<WebIdentity, Error> {
    let key = "web_identity";
    let role = Role {
        arn: role_arn(table, key, raw.role_arn)?,
        duration: duration(table, key, raw.duration)?,
        external_id: None,
        session_name: session_name(table, key, raw.session_name)?,
    };
    Ok(WebIdentity { role, token: table.input(key, raw.token) })
}

fn role_arn(table: &SourceTable, key: &str, arn: String) -> Result<String, Error> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "iam", "", _, resource] if resource.starts_with("role/") => Ok(arn),
        _ => Err(table
            .error(key, format!("`{arn}` is not the ARN of a role"))
            .with_hint("write it as `arn:aws:iam::123456789012:role/NAME`")),
    }
}

/// As STS allows it (`AssumeRole`, parameter `DurationSeconds`).
fn duration(
    table: &SourceTable,
    key: &str,
    raw: Option<RawDuration>,
) -> Result<Option<i32>, Error> {
    let Some(RawDuration(duration)) = raw else { return Ok(None) };
    let bounds = Duration::from_secs(15 * 60)..=Duration::from_secs(12 * 60 * 60);
    match i32::try_from(duration.as_secs()) {
        Ok(seconds) if bounds.contains(&duration) => Ok(Some(seconds)),
        _ => Err(table.error(key, "the `duration` of a role is from `15m` to `12h`")),
    }
}

/// As STS allows it (`AssumeRole`, parameter `RoleSessionName`).
fn session_name(table: &SourceTable, key: &str, raw: Option<String>) -> Result<String, Error> {
    let name = raw.unwrap_or_else(|| SESSION_NAME.to_owned());
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if (2..=64).contains(&name.len()) && name.chars().all(is_allowed) {
        Ok(name)
    } else {
        Err(table
            .error(key, format!("`{name}` is not a `session_name`"))
            .with_hint("write 2 to 64 letters, digits and `_+=,.@-`"))
    }
}

fn text(table: &SourceTable, key: &str, text: String) -> Result<String, Error> {
    if text.trim().is_empty() || text.contains(char::is_control) {
        return Err(table
            .error(key, format!("`{text}` is empty, or has control characters"))
            .with_hint(format!("write `{key}` as it is called at aws")));
    }
    Ok(text)
}
