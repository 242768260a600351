//! Where a key is, and how it is read.

use std::fmt;

use api_key_helper_backend::field::Field;
use api_key_helper_backend::text::{self, TextError};
use api_key_helper_backend::{Error, Key};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use zeroize::Zeroizing;

use crate::field;

/// Where the key is.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) secret: SecretId,
    pub(crate) field: Option<Field>,
    pub(crate) version: Version,
}

/// The name or the ARN of a secret.
#[derive(Debug)]
pub(crate) struct SecretId {
    text: String,
    region: Option<String>,
}

/// Which of a secret's versions.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) stage: Option<String>,
    pub(crate) id: Option<String>,
}

impl SecretId {
    /// # Errors
    /// The text, when it is the ARN of something else.
    pub(crate) fn parse(text: String) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(7, ':').collect();
        let region = match parts[..] {
            ["arn", _, "secretsmanager", region, _, "secret", name]
                if !region.is_empty() && !name.is_empty() =>
            {
                Some(region.to_owned())
            }
            ["arn", ..] => return Err(text),
            _ => None,
        };
        Ok(Self { text, region })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The region that an ARN names.
    pub(crate) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// As a policy names it. What follows a name is drawn by AWS.
    pub(crate) fn resource(&self, region: &str) -> String {
        match self.region {
            Some(_) => self.text.clone(),
            None => format!("arn:aws:secretsmanager:{region}:*:secret:{}-??????", self.text),
        }
    }
}

impl fmt::Display for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.text)
    }
}

impl Target {
    /// The key in an answer.
    pub(crate) fn key(&self, mut output: GetSecretValueOutput) -> Result<Key, Error> {
        let secret = &self.secret;
        let text = match (output.secret_string.take(), output.secret_binary.take()) {
            (Some(text), _) => Zeroizing::new(text),
            (None, Some(bytes)) => {
                let bytes = Zeroizing::new(bytes.into_inner());
                let text = text::decode(&bytes).map_err(|error| match error {
                    TextError::Utf16 => error.at(secret),
                    _ => Error::misconfigured(format!("{secret} is binary, and not UTF-8"))
                        .with_hint("store the key as text: `aws secretsmanager put-secret-value`"),
                })?;
                Zeroizing::new(text.to_owned())
            }
            (None, None) if output.arn.is_none() => {
                return Err(Error::transient(format!("what was read of {secret} is not from aws"))
                    .with_hint("another server may stand in its place: check `endpoint`"));
            }
            (None, None) => return Err(Error::not_found(format!("{secret} has no value"))),
        };
        field::key(&text, self.field.as_ref(), &secret.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_id_arn_gives_the_region() {
        let region =
            |text: &str| SecretId::parse(text.to_owned()).map(|id| id.region().map(str::to_owned));
        let arn = "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:a/b-AbCdEf";
        assert_eq!(region(arn), Ok(Some("cn-north-1".to_owned())));
        assert_eq!(region("prod/anthropic"), Ok(None));
        for wrong in [
            "arn:aws:iam::123456789012:role/a",
            "arn:aws:secretsmanager::123456789012:secret:a",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:",
            "arn:aws:ssm:eu-west-1:123456789012:parameter/a",
        ] {
            assert_eq!(region(wrong), Err(wrong.to_owned()));
        }
    }

    #[test]
    fn secret_id_gives_the_resource_of_a_policy() {
        let id = SecretId::parse("prod/a".to_owned()).unwrap();
        let resource = "arn:aws:secretsmanager:eu-west-1:*:secret:prod/a-??????";
        assert_eq!(id.resource("eu-west-1"), resource);
    }
}
