//! Wrapping tokens, each of which stands for one secret and works once
//! (`<https://openbao.org/docs/concepts/response-wrapping/>`).

use api_key_helper_backend::text::{self, Form};
use api_key_helper_backend::{Error, Secret};

use crate::answer::{Answer, Verdict};
use crate::auth::{Input, unwrap_call};
use crate::renewal::WrappedSecret;
use crate::session::Session;

/// A wrapping token that is about to be used up.
pub(crate) async fn token(session: &Session<'_>, input: &Input) -> Result<Secret, Error> {
    let wrapping = session.attempt.resolve_as(&input.input, Form::Token).await?;
    if session.renewal.unwrapped.as_ref().is_some_and(|known| known.wrapping == wrapping) {
        return Err(Error::needs_login(format!(
            "the token that was wrapped in `auth.{}` has ended",
            input.name
        ))
        .with_hint("put a new wrapped token there, made by `vault token create -wrap-ttl=5m`"));
    }
    session.attempt.reserve_space().await?;
    Ok(wrapping)
}

/// What is in the wrapping token at `input`. That can be read once only, and so it is kept.
pub(crate) async fn unwrap(session: &mut Session<'_>, input: &Input) -> Result<Secret, Error> {
    let wrapping = session.attempt.resolve_as(&input.input, Form::Token).await?;
    if let Some(known) = &session.renewal.unwrapped
        && known.wrapping == wrapping
    {
        return Ok(known.secret.clone());
    }
    session.attempt.reserve_space().await?;
    let (verdict, answer) = session.client.call(&unwrap_call()?, Some(&wrapping)).await?;
    if verdict != Verdict::Good {
        return Err(used_before(input.name));
    }
    let secret = wrapped_secret(&answer, input.name)?;
    session.renewal.unwrapped = Some(WrappedSecret { wrapping, secret: secret.clone() });
    session.store().await;
    Ok(secret)
}

/// The error of a wrapping token that was used before: only an administrator can find out who used
/// it.
pub(crate) fn used_before(name: &str) -> Error {
    Error::denied(format!(
        "the wrapping token in `auth.{name}` was used before, or has expired: others may have \
         read the secret in it"
    ))
    .with_hint(
        "ask for a new one, and, unless this helper used it, for the old secret to be revoked",
    )
}

/// The secret in the answer to an unwrapping: in the field of that name, else in the only one. What
/// was wrapped may be a KV version 2 secret, whose fields are one level down.
fn wrapped_secret(answer: &Answer, name: &str) -> Result<Secret, Error> {
    let mut fields = answer.fields()?;
    if let (Some(data), true) = (fields.object("data"), fields.has("metadata")) {
        fields = data;
    }
    let mut names = fields.values().map(|(name, _)| name);
    let only = names.next().filter(|_| names.next().is_none());
    fields
        .secret(name)
        .or_else(|| fields.secret(only?))
        .ok_or_else(|| {
            Error::misconfigured(format!("what was wrapped in `auth.{name}` has no `{name}`"))
                .with_hint("wrap the answer that holds it, for it cannot be read a second time")
        })
        .and_then(|secret| {
            text::secret(secret.expose().as_bytes())
                .and_then(|secret| text::check(secret.expose(), Form::Line).map(|()| secret))
                .map_err(|why| why.at(format_args!("what was wrapped in `auth.{name}`")))
        })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use zeroize::Zeroizing;

    use super::*;

    fn wrapped(value: &Value) -> Result<Secret, Error> {
        let body = serde_json::json!({ "request_id": "r", "data": { "secret_id": value } });
        let answer = Answer {
            status: 200,
            body: Zeroizing::new(body.to_string().into_bytes()),
            retry_after: None,
            from: "https://v".to_owned(),
            hidden: Vec::new(),
        };
        wrapped_secret(&answer, "secret_id")
    }

    #[test]
    fn wrapped_secret_must_be_one_line() {
        assert_eq!(wrapped(&Value::from("made-up 1\n")), Ok(Secret::from("made-up 1")));
        for (odd, says) in
            [("hunter2\nb", "more than one line"), ("hunter2\tb", "control character")]
        {
            let error = wrapped(&Value::from(odd)).unwrap_err();
            assert!(error.message().starts_with("what was wrapped in `auth.secret_id`"), "{error}");
            assert!(error.message().contains(says), "{error}");
            assert!(!error.report().contains("hunter2"), "{error}");
        }
    }
}
