//! Where a backend has a secret of its own from.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use crate::ambient::{self, Ambient};
use crate::text::{self, Form};
use crate::{Error, Secret};

/// Where a backend's own secret is to be found, never what it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "SecretInputTable"))]
#[serde(try_from = "SecretInputTable")]
#[non_exhaustive]
pub enum SecretInput {
    /// The identity that this place gives to what runs here.
    Ambient(Ambient),
    /// What a program prints; the program's absolute path and its arguments.
    Command(Vec<String>),
    /// The value of an environment variable.
    Env(String),
    /// The content of a file, without the white space around it.
    File(PathBuf),
    /// The key of another source.
    Source(String),
}

impl SecretInput {
    /// Hands on `secret`, which was read from here, if it has the form that its use requires.
    ///
    /// # Errors
    /// Misconfigured, with the place.
    pub fn checked(&self, secret: Secret, form: Form) -> Result<Secret, Error> {
        match text::check(secret.expose(), form) {
            Ok(()) => Ok(secret),
            Err(error) => Err(error.at(self)),
        }
    }
}

/// The place, as the subject of an error.
impl fmt::Display for SecretInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ambient(_) => f.write_str("the token of `ambient`"),
            Self::Command(command) => {
                let program = command.first().map_or("", String::as_str);
                write!(f, "the output of `{program}`")
            }
            Self::Env(name) => write!(f, "the variable `{name}`"),
            Self::File(path) => write!(f, "the secret in `{}`", path.display()),
            Self::Source(name) => write!(f, "the key of source `{name}`"),
        }
    }
}

/// How a [`SecretInput`] is written.
#[derive(Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend("oneOf" = [
        { "required": ["ambient"] },
        { "required": ["command"] },
        { "required": ["env"] },
        { "required": ["file"] },
        { "required": ["source"] },
    ]))
)]
#[serde(deny_unknown_fields, expecting = "a table such as `{ env = \"NAME\" }`")]
struct SecretInputTable {
    /// The identity of a pod, a job or a workload on AWS.
    ambient: Option<ambient::Name>,
    /// The token's audience; only with `ambient = "github-actions"`.
    ///
    /// Default: the repository's owner.
    audience: Option<String>,
    /// A program's path and arguments; its output is the secret.
    command: Option<Vec<String>>,
    /// The value of a variable.
    env: Option<String>,
    /// The content of a file, without the white space around it.
    file: Option<PathBuf>,
    /// The key of another source.
    source: Option<String>,
}

impl TryFrom<SecretInputTable> for SecretInput {
    type Error = &'static str;

    fn try_from(table: SecretInputTable) -> Result<Self, Self::Error> {
        let SecretInputTable { ambient, audience, command, env, file, source } = table;
        if ambient.is_none() && audience.is_some() {
            return Err("an `audience` stands beside `ambient = \"github-actions\"`");
        }
        let ambient = ambient.map(|name| Ambient::named(name, audience)).transpose()?;
        let mut places = [
            ambient.map(Self::Ambient),
            command.map(Self::Command),
            env.map(Self::Env),
            file.map(Self::File),
            source.map(Self::Source),
        ]
        .into_iter()
        .flatten();
        match (places.next(), places.next()) {
            (Some(input), None) => Ok(input),
            _ => Err(
                "a secret input names exactly one of `env`, `file`, `command`, `source` and `ambient`",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{SourceTable, Variables};

    #[test]
    fn secret_input_names_exactly_one_place() {
        #[derive(Debug, Deserialize)]
        struct Backend {
            token: SecretInput,
        }

        let read = |text: &str| {
            let text = format!("token = {text}\n");
            SourceTable::from_toml("v", &text, Path::new("/c"), Variables::new())
                .unwrap()
                .parse::<Backend>()
                .map(|backend| backend.token)
        };
        assert_eq!(read("{ env = 'T' }").unwrap(), SecretInput::Env("T".into()));
        for (text, ambient) in [
            ("{ ambient = 'aws-web-identity' }", Ambient::AwsWebIdentity),
            ("{ ambient = 'github-actions' }", Ambient::GithubActions { audience: None }),
            ("{ ambient = 'kubernetes' }", Ambient::Kubernetes),
        ] {
            assert_eq!(read(text).unwrap(), SecretInput::Ambient(ambient));
        }
        for wrong in [
            "{}",
            "{ env = 'T', file = '/t' }",
            "{ env = 'T', audience = 'a' }",
            "{ ambient = 'kubernetes', audience = 'a' }",
            "{ ambient = 'kubernetes', file = '/t' }",
            "{ ambient = 'secret' }",
            "{ value = 'secret' }",
            "'secret'",
        ] {
            let error = read(wrong).unwrap_err();
            let place = format!("{}:1:", Path::new("/c").join("config.toml").display());
            assert!(error.message().starts_with(&place), "{error}");
            // What stands there may be a secret in the wrong place.
            assert!(!error.report().contains("\"secret\""), "{}", error.report());
        }
    }
}
