//! A secret input, which may be a wrapping token for the secret that is meant.

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{Error, Secret, SecretInput};
use serde::Deserialize;
use serde_json::Value;

use crate::answer::{Answer, Verdict};
use crate::auth;
use crate::renewal::Unwrapped;
use crate::session::Session;

/// A secret input as it is written: `wrapped = true` stands beside where it is.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct WrittenInput {
    input: SecretInput,
    wrapped: bool,
}

impl TryFrom<Value> for WrittenInput {
    type Error = String;

    fn try_from(mut value: Value) -> Result<Self, String> {
        let wrapped = match value.as_object_mut().and_then(|table| table.remove("wrapped")) {
            None => false,
            Some(Value::Bool(wrapped)) => wrapped,
            Some(_) => return Err("`wrapped` is `true` or `false`".to_owned()),
        };
        let input = SecretInput::deserialize(value).map_err(|error| error.to_string())?;
        Ok(Self { input, wrapped })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for WrittenInput {
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

impl Input {
    pub(crate) fn read(table: &SourceTable, name: &'static str, written: WrittenInput) -> Self {
        let WrittenInput { input, wrapped } = written;
        Self { input: table.input("auth", input), wrapped, name }
    }

    pub(crate) fn plain(table: &SourceTable, name: &'static str, input: SecretInput) -> Self {
        Self::read(table, name, WrittenInput { input, wrapped: false })
    }
}

impl Session<'_> {
    /// A wrapping token that is about to be used up.
    pub(crate) async fn wrapping_token(&mut self, input: &Input) -> Result<Secret, Error> {
        let wrapping = self.request.resolve(&input.input).await?;
        if self.renewal.unwrapped.as_ref().is_some_and(|known| known.wrapping == wrapping) {
            return Err(Error::needs_login(format!(
                "the token that was wrapped in `auth.{}` has ended",
                input.name
            ))
            .with_hint(
                "put a new wrapped token there, made by `vault token create -wrap-ttl=5m`",
            ));
        }
        self.request.make_room().await?;
        Ok(wrapping)
    }

    /// What is in the wrapping token at `input`. That can be read once only, and so it is kept.
    pub(crate) async fn unwrapped(&mut self, input: &Input) -> Result<Secret, Error> {
        let wrapping = self.request.resolve(&input.input).await?;
        if let Some(known) = &self.renewal.unwrapped
            && known.wrapping == wrapping
        {
            return Ok(known.secret.clone());
        }
        self.request.make_room().await?;
        let (verdict, answer) = self.client.call(&auth::unwrap()?, Some(&wrapping)).await?;
        if verdict != Verdict::Good {
            return Err(unwrapped_before(input.name));
        }
        let secret = wrapped_secret(&answer, input.name)?;
        self.renewal.unwrapped = Some(Unwrapped { wrapping, secret: secret.clone() });
        self.keep().await;
        Ok(secret)
    }
}

/// Somebody used the wrapping token before us: who, only an administrator can find out.
pub(crate) fn unwrapped_before(name: &str) -> Error {
    Error::denied(format!(
        "the wrapping token in `auth.{name}` was used before, or is past its end: somebody else may \
         have read the secret in it"
    ))
    .with_hint("ask for a new one, and, unless this helper used it, for the old secret to be revoked")
}

/// The secret in the answer to an unwrapping: in the field of that name, else in the only one. What
/// was wrapped may be a KV version 2 secret, whose fields are one level down.
fn wrapped_secret(answer: &Answer, name: &str) -> Result<Secret, Error> {
    let mut fields = answer.fields()?;
    if let (Some(data), true) = (fields.get("data"), fields.contains_key("metadata")) {
        fields = serde_json::from_str(data.get()).unwrap_or_default();
    }
    let only = if fields.len() == 1 { fields.values().next() } else { None };
    fields
        .get(name)
        .or(only)
        .and_then(|value| serde_json::from_str::<String>(value.get()).ok())
        .map(Secret::new)
        .ok_or_else(|| {
            Error::misconfigured(format!("what was wrapped in `auth.{name}` has no `{name}`"))
                .with_hint("wrap the answer that holds it, for it cannot be read a second time")
        })
}
