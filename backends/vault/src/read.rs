//! Where a key is, and how it is taken out of an answer.

use std::collections::BTreeMap;

use api_key_helper_core::{Error, Key, KeyError, document};
use serde::Deserialize;
use serde_json::value::RawValue;
use vaultrs::api::kv1::requests::GetSecretRequest;
use vaultrs::api::kv2::requests::ReadSecretRequest;
use zeroize::Zeroizing;

use crate::answer::{Answer, Verdict};
use crate::call::Call;

/// Where the key is.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) engine: Engine,
    pub(crate) mount: String,
    /// Below the mount.
    pub(crate) path: String,
    pub(crate) field: Option<String>,
}

/// How the mount is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Kv1,
    Kv2 {
        version: Option<u64>,
    },
    /// Whatever answers with `data`.
    Read,
}

/// Stands for all fields together.
const ALL_FIELDS: &str = "*";

impl Target {
    /// The request that reads it.
    pub(crate) fn call(&self) -> Result<Call, Error> {
        let (mount, path) = (self.mount.clone(), self.path.clone());
        match self.engine {
            Engine::Kv2 { version } => Call::to(&ReadSecretRequest { mount, path, version }),
            Engine::Kv1 | Engine::Read => Call::to(&GetSecretRequest { mount, path }),
        }
    }

    /// The key in a good answer.
    pub(crate) fn key(&self, answer: &Answer) -> Result<Key, Error> {
        let mut fields = answer.fields()?;
        if let Engine::Kv2 { .. } = self.engine {
            let inner = fields.get("data").and_then(|data| serde_json::from_str(data.get()).ok());
            fields = inner.unwrap_or_default();
        }
        if self.field.as_deref() == Some(ALL_FIELDS) && !fields.is_empty() {
            return self.document(&fields);
        }
        let (name, value) = self.field(&fields)?;
        let text = match serde_json::from_str::<String>(value.get()) {
            Ok(text) => Zeroizing::new(text),
            // A number is as good a key as its digits; lists and objects are none.
            Err(_) if value.get().parse::<f64>().is_ok() => Zeroizing::new(value.get().to_owned()),
            Err(_) => {
                return Err(Error::misconfigured(format!("`{name}` of {self} is not a text"))
                    .with_hint("set `field` to one that is"));
            }
        };
        Key::parse(&text).map_err(|why| {
            Error::misconfigured(format!("`{name}` of {self} is not a key: {why}"))
                .with_hint("set `field` to the one that holds the key")
        })
    }

    /// The key that all fields are together.
    fn document(&self, fields: &BTreeMap<String, &RawValue>) -> Result<Key, Error> {
        // A map of what was JSON is JSON.
        let text = Zeroizing::new(serde_json::to_string(fields).unwrap_or_default());
        let key = document::key(&text).unwrap_or(Err(KeyError::Empty));
        key.map_err(|why| {
            Error::misconfigured(format!("the fields of {self} are not a key: {why}"))
                .with_hint("set `field` to the one that holds the key")
        })
    }

    fn field<'a, 'b>(
        &self,
        fields: &'b BTreeMap<String, &'a RawValue>,
    ) -> Result<(&'b str, &'a RawValue), Error> {
        let names = || fields.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let found = match &self.field {
            Some(field) => fields.get_key_value(field),
            None => fields.first_key_value().filter(|_| fields.len() == 1),
        };
        match (found, &self.field) {
            (Some((name, value)), _) => Ok((name, value)),
            (None, _) if fields.is_empty() => {
                Err(Error::not_found(format!("{self} has no fields")))
            }
            (None, Some(field)) => Err(Error::not_found(format!("{self} has no field `{field}`"))
                .with_hint(format!("set `field` to one that it has: {}", names()))),
            (None, None) => Err(Error::misconfigured(format!("{self} has more than one field"))
                .with_hint(format!("set `field` to one of {}", names()))),
        }
    }

    /// The error of an answer that is neither good nor about the token.
    pub(crate) fn refusal(&self, verdict: Verdict, answer: &Answer) -> Error {
        let because = answer.because();
        let Self { mount, path, .. } = self;
        match verdict {
            Verdict::Unversioned => {
                Error::misconfigured(format!("`{mount}` keeps versions (KV version 2)")).with_hint(
                    format!("set `engine = \"kv2\"`, `mount = \"{mount}\"`, `path = \"{path}\"`"),
                )
            }
            Verdict::NoRoute => {
                Error::misconfigured(format!("vault has nothing mounted for {self}{because}"))
                    .with_hint(
                        "compare `mount` and `namespace` with what `vault secrets list` shows",
                    )
            }
            Verdict::Absent => self.absent(answer),
            _ => Error::misconfigured(format!("vault refused to read {self}{because}"))
                .with_hint("check `engine`, `mount` and `path` of the source"),
        }
    }

    fn absent(&self, answer: &Answer) -> Error {
        let Self { mount, path, .. } = self;
        let metadata = answer
            .envelope()
            .and_then(|envelope| envelope.data)
            .and_then(|data| serde_json::from_str::<Gone>(data.get()).ok())
            .map(|gone| gone.metadata);
        match (metadata, self.engine) {
            (Some(Metadata { destroyed: true, version }), _) => {
                Error::not_found(format!("version {version} of {self} was destroyed"))
                    .with_hint(format!("write it anew: `vault kv put -mount={mount} {path} ...`"))
            }
            (Some(Metadata { destroyed: false, version }), _) => Error::not_found(format!(
                "version {version} of {self} was deleted"
            ))
            .with_hint(format!(
                "bring it back: `vault kv undelete -mount={mount} -versions={version} {path}`"
            )),
            (None, Engine::Kv2 { version: Some(version) }) => {
                Error::not_found(format!("{self} has no version {version}")).with_hint(format!(
                    "see which there are: `vault kv metadata get -mount={mount} {path}`"
                ))
            }
            (None, Engine::Kv2 { version: None }) if path.starts_with("data/") => {
                Error::not_found(format!("{self} is not there"))
                    .with_hint("`path` is written without the `data/` of the API")
            }
            (None, Engine::Kv2 { version: None }) => {
                Error::not_found(format!("{self} is not there")).with_hint(format!(
                    "see `vault kv list -mount={mount}`; if that is KV version 1, set `engine = \
                     \"kv1\"`"
                ))
            }
            (None, Engine::Kv1 | Engine::Read) => Error::not_found(format!("{self} is not there"))
                .with_hint(format!("see `vault list {mount}`")),
        }
    }

    /// The error of a live token that may not read it, with what to ask for.
    pub(crate) fn denied(&self, answer: &Answer) -> Error {
        let api = match self.engine {
            Engine::Kv2 { .. } => format!("{}/data/{}", self.mount, self.path),
            Engine::Kv1 | Engine::Read => format!("{}/{}", self.mount, self.path),
        };
        Error::denied(format!("vault refused to read {self}{}", answer.because())).with_hint(
            format!("ask for a policy with `path \"{api}\" {{ capabilities = [\"read\"] }}`"),
        )
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}/{}`", self.mount, self.path)
    }
}

/// `data` of a version that is no more: it is told from one that never was by its metadata.
#[derive(Deserialize)]
struct Gone {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    destroyed: bool,
    version: u64,
}
