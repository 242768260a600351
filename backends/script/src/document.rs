//! The JSON documents that a key is read from.

use std::time::SystemTime;

use api_key_helper_backend::stderr::presentable;
use api_key_helper_backend::{Credential, Expiry, Fields, Moment, document};
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use crate::unreadable::Unreadable;

/// Reads `{"key": ..., "expires_at": ...}`.
pub(crate) fn read_own(text: &str) -> Result<Credential, Unreadable> {
    let fields = object(text)?;
    match (fields.value("key"), fields.has("key")) {
        (None, true) => Err(Unreadable::Placeholder("null")),
        _ => own(&fields),
    }
}

/// Reads an object of any shape, all of which is the key.
pub(crate) fn read_whole(text: &str) -> Result<Credential, Unreadable> {
    object(text)?;
    let key = document::key(text).ok_or(Unreadable::NoJson { line: 1, column: 1 })?;
    Ok(Credential::new(key.map_err(Unreadable::NoKey)?))
}

/// Reads a document of any known shape.
pub(crate) fn read_any(text: &str, now: SystemTime) -> Result<Credential, Unreadable> {
    let fields = object(text)?;
    let has = |name: &str| fields.value(name).is_some();
    if has("key") {
        own(&fields)
    } else if has("access_token") {
        token_response(&fields, now)
    } else if has("success") || has("id_token") {
        executable_response(&fields)
    } else if let Some(status) = fields.object("status") {
        exec_status(&status)
    } else if has("error") {
        // RFC 6749, section 5.2: what `curl` without `--fail` passes on with exit code 0.
        Err(failed(&fields, ["error", "error_description"]))
    } else if ["key", "access_token", "id_token"].iter().any(|name| fields.has(name)) {
        Err(Unreadable::Placeholder("null"))
    } else {
        Err(Unreadable::NoField { wanted: "key`, `access_token`, `status.token` or `id_token" })
    }
}

/// This project's own shape.
fn own(fields: &Fields<'_>) -> Result<Credential, Unreadable> {
    let text = secret(fields, "key", "key")?;
    credential(&text, point(fields.expiry("expires_at"), "expires_at")?)
}

/// RFC 6749, section 5.1. A refresh token in it is for the program to keep.
fn token_response(fields: &Fields<'_>, now: SystemTime) -> Result<Credential, Unreadable> {
    let text = secret(fields, "access_token", "access_token")?;
    let end = match fields.expiry("expires_in") {
        Some(life) => {
            Some(life.after(now.into()).ok_or(Unreadable::NoTime { field: "expires_in" })?)
        }
        None => point(fields.expiry("expires_at"), "expires_at")?,
    };
    credential(&text, end)
}

/// The `status` of a Kubernetes `ExecCredential` (client.authentication.k8s.io/v1).
fn exec_status(status: &Fields<'_>) -> Result<Credential, Unreadable> {
    let text = secret(status, "token", "status.token")?;
    let expiry = status.expiry("expirationTimestamp");
    credential(&text, point(expiry, "status.expirationTimestamp")?)
}

/// What a Google executable source prints (AIP-4117).
fn executable_response(fields: &Fields<'_>) -> Result<Credential, Unreadable> {
    if fields.flag("success") == Some(false) {
        return Err(failed(fields, ["code", "message"]));
    }
    let text = secret(fields, "id_token", "id_token")?;
    credential(&text, point(fields.expiry("expiration_time"), "expiration_time")?)
}

fn object(text: &str) -> Result<Fields<'_>, Unreadable> {
    let fields = Fields::parse(text.as_bytes());
    // The parser's own words quote the document.
    fields.ok_or_else(|| match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Unreadable::NoJson { line: 1, column: 1 },
        Err(error) => Unreadable::NoJson { line: error.line(), column: error.column() },
    })
}

/// The string in the field `name`, which is called `field` from outside. A string with escapes
/// passes through a buffer of the JSON parser, which does not wipe it; keys have no need of any.
fn secret(
    fields: &Fields<'_>,
    name: &str,
    field: &'static str,
) -> Result<Zeroizing<String>, Unreadable> {
    let value = fields.value(name).ok_or(Unreadable::NoField { wanted: field })?;
    let text = serde_json::from_str(value.get()).map(Zeroizing::new);
    text.map_err(|_| Unreadable::WrongType { field })
}

fn credential(text: &str, expires_at: Option<Moment>) -> Result<Credential, Unreadable> {
    let key = document::key_alone(text).map_err(|error| Unreadable::of_key(error, text))?;
    Ok(Credential::new(key).with_expires_at(expires_at.map(SystemTime::from)))
}

/// The point in time that `field` gives, where it is there.
fn point(expiry: Option<Expiry>, field: &'static str) -> Result<Option<Moment>, Unreadable> {
    expiry.map(|expiry| expiry.point().ok_or(Unreadable::NoTime { field })).transpose()
}

/// The failure that a document reports, in its own words.
fn failed(fields: &Fields<'_>, names: [&str; 2]) -> Unreadable {
    let words: Vec<String> = names.iter().filter_map(|name| fields.text(name)).collect();
    let reason = match words.as_slice() {
        [] => "it does not say why".to_owned(),
        words => presentable(&words.join(": ")),
    };
    Unreadable::Failed { reason }
}

#[cfg(test)]
mod tests;
