//! The JSON documents that a key is read from.
//!
//! A document is read twice: once to see which fields it has, then as the type that these are of.
//! An enum of shapes would be read through copies of all its strings, and strings here are keys.

mod values;

use std::time::SystemTime;

use api_key_helper_core::{Credential, document};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use crate::output::{Unreadable, key};
use crate::stderr::presentable;
use values::{Text, Time, Words};

/// Reads `{"key": ..., "expires_at": ...}`.
pub(crate) fn read_own(text: &str) -> Result<Credential, Unreadable> {
    match object::<Fields>(text)?.key {
        Field::Filled => parse::<Own>(text)?.credential(),
        Field::Null => Err(Unreadable::Placeholder("null")),
        Field::Absent => Err(Unreadable::NoField { wanted: "`key`" }),
    }
}

/// Reads an object of any shape, all of which is the key.
pub(crate) fn read_whole(text: &str) -> Result<Credential, Unreadable> {
    object::<IgnoredAny>(text)?;
    let key = document::key(text).ok_or(Unreadable::NoJson { line: 1, column: 1 })?;
    Ok(Credential::new(key.map_err(Unreadable::NoKey)?))
}

/// Reads a document of any known shape.
pub(crate) fn read_any(text: &str, now: SystemTime) -> Result<Credential, Unreadable> {
    let fields = object::<Fields>(text)?;
    let has = |field: Field| field == Field::Filled;
    if has(fields.key) {
        parse::<Own>(text)?.credential()
    } else if has(fields.access_token) {
        parse::<TokenResponse>(text)?.credential(now)
    } else if has(fields.success) || has(fields.id_token) {
        parse::<ExecutableResponse>(text)?.credential()
    } else if has(fields.status) {
        parse::<ExecCredential>(text)?.credential()
    } else if has(fields.error) {
        Err(parse::<TokenError>(text)?.into())
    } else if [fields.key, fields.access_token, fields.id_token].contains(&Field::Null) {
        Err(Unreadable::Placeholder("null"))
    } else {
        Err(Unreadable::NoField { wanted: "`key`, `access_token`, `status.token` or `id_token`" })
    }
}

/// Which of the fields that tell the shapes apart a document has.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    access_token: Field,
    error: Field,
    id_token: Field,
    key: Field,
    status: Field,
    success: Field,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Field {
    #[default]
    Absent,
    Filled,
    Null,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::<IgnoredAny>::deserialize(deserializer)?;
        Ok(if value.is_some() { Self::Filled } else { Self::Null })
    }
}

/// This project's own shape.
#[derive(Deserialize)]
struct Own {
    key: Text,
    expires_at: Option<Time>,
}

impl Own {
    fn credential(self) -> Result<Credential, Unreadable> {
        let expires_at = self.expires_at.map(|time| time.point("expires_at"));
        credential(&self.key, expires_at.transpose()?)
    }
}

/// RFC 6749, section 5.1. A refresh token in it is for the program to keep.
#[derive(Deserialize)]
struct TokenResponse {
    access_token: Text,
    expires_in: Option<Time>,
}

impl TokenResponse {
    fn credential(self, now: SystemTime) -> Result<Credential, Unreadable> {
        let expires_at = self.expires_in.map(|life| life.after(now, "expires_in"));
        credential(&self.access_token, expires_at.transpose()?.flatten())
    }
}

/// RFC 6749, section 5.2: what `curl` without `--fail` passes on with exit code 0.
#[derive(Deserialize)]
struct TokenError {
    #[serde(default)]
    error: Words,
    #[serde(default)]
    error_description: Words,
}

impl From<TokenError> for Unreadable {
    fn from(error: TokenError) -> Self {
        failed(error.error, error.error_description)
    }
}

/// A Kubernetes `ExecCredential` (client.authentication.k8s.io/v1).
#[derive(Deserialize)]
struct ExecCredential {
    status: ExecStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecStatus {
    token: Option<Text>,
    expiration_timestamp: Option<Time>,
}

impl ExecCredential {
    fn credential(self) -> Result<Credential, Unreadable> {
        let token = self.status.token.ok_or(Unreadable::NoField { wanted: "`status.token`" })?;
        let expires_at = self.status.expiration_timestamp;
        let expires_at = expires_at.map(|time| time.point("status.expirationTimestamp"));
        credential(&token, expires_at.transpose()?)
    }
}

/// What a Google executable source prints (AIP-4117).
#[derive(Deserialize)]
struct ExecutableResponse {
    success: Option<bool>,
    id_token: Option<Text>,
    expiration_time: Option<Time>,
    #[serde(default)]
    code: Words,
    #[serde(default)]
    message: Words,
}

impl ExecutableResponse {
    fn credential(self) -> Result<Credential, Unreadable> {
        if self.success == Some(false) {
            return Err(failed(self.code, self.message));
        }
        let token = self.id_token.ok_or(Unreadable::NoField { wanted: "`id_token`" })?;
        let expires_at = self.expiration_time.map(|time| time.point("expiration_time"));
        credential(&token, expires_at.transpose()?)
    }
}

fn object<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    // A structure would also be read from an array of its values.
    if !text.starts_with('{') {
        return Err(Unreadable::NoJson { line: 1, column: 1 });
    }
    parse(text)
}

/// The parser's own words quote the document.
fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            Category::Data => Unreadable::WrongType { line, column },
            Category::Eof | Category::Io | Category::Syntax => Unreadable::NoJson { line, column },
        }
    })
}

fn credential(text: &Text, expires_at: Option<SystemTime>) -> Result<Credential, Unreadable> {
    Ok(Credential { expires_at, ..Credential::new(key(&text.0)?) })
}

/// The failure that a document reports, in its own words.
fn failed(code: Words, message: Words) -> Unreadable {
    let words: Vec<String> = [code.0, message.0].into_iter().flatten().collect();
    let reason = match words.as_slice() {
        [] => "it does not say why".to_owned(),
        words => presentable(&words.join(": ")),
    };
    Unreadable::Failed { reason }
}

#[cfg(test)]
mod tests;
