//! Reads secret inputs from this machine.

mod ambient;
#[cfg(feature = "http")]
mod github_actions;

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use api_key_helper_backend::SecretInput;
use api_key_helper_core::Inputs;
use api_key_helper_script::read_secret;
use api_key_helper_system::{ReadError, advice, read_input, shell_shorthand};
use api_key_helper_values::text::{self, TextError};
use api_key_helper_values::{Error, Secret};
use async_trait::async_trait;

use crate::environment::Environment;

const MAX_SIZE: u64 = 1 << 20;

/// The machine as the engine's provider of secret inputs.
pub(crate) struct MachineInputs<'a> {
    pub(crate) environment: &'a Environment,
}

#[async_trait]
impl Inputs for MachineInputs<'_> {
    async fn resolve(
        &self,
        input: &SecretInput,
        chain: &str,
        time_left: Duration,
    ) -> Result<Secret, Error> {
        match input {
            SecretInput::Ambient(ambient) => self.ambient(ambient, time_left).await,
            SecretInput::Env(name) => self.variable(name),
            SecretInput::File(path) => file(path, time_left).await,
            SecretInput::Command(command) => {
                read_secret(command, Path::new("/"), chain, time_left).await
            }
            // The engine resolves a source's key itself and never passes it here.
            other => Err(Error::misconfigured(format!("{other} is nothing that is read"))),
        }
    }
}

impl MachineInputs<'_> {
    fn variable(&self, name: &str) -> Result<Secret, Error> {
        self.given(name)?.ok_or_else(|| {
            Error::misconfigured(format!("the variable `{name}` is not set"))
                .with_hint("set it where the client is started, or in its settings' `env`")
        })
    }

    /// The secret in a variable. A value of white space counts as not set.
    fn given(&self, name: &str) -> Result<Option<Secret>, Error> {
        let value = self.environment.variable(name).unwrap_or_default();
        match text::secret(value.as_encoded_bytes()) {
            Ok(secret) => Ok(Some(secret)),
            Err(TextError::Empty) => Ok(None),
            Err(error) => Err(error.at(SecretInput::Env(name.to_owned()))),
        }
    }
}

/// Reads a secret's file. Others may read it, but not write to it: containers often get such files
/// owned by root and readable by a group. The file may be a FIFO, which a program fills when it is
/// opened.
async fn file(path: &Path, time_left: Duration) -> Result<Secret, Error> {
    let shown = path.display();
    let opened = path.to_owned();
    // Reading stops a little earlier than the attempt, so that this error is the one reported.
    let time = time_left - (time_left / 10).min(RESERVE);
    let read = tokio::task::spawn_blocking(move || read_input(&opened, MAX_SIZE, time)).await;
    let read = read.unwrap_or_else(|lost| Err(ReadError::Io(lost.into())));
    let content = read.map_err(|error| {
        error.into_error(|error| {
            let is_absent = error.kind() == ErrorKind::NotFound;
            let hint = shell_shorthand(path).filter(|_| is_absent);
            Error::misconfigured(format!("cannot read the secret in `{shown}`: {error}")).with_hint(
                hint.unwrap_or_else(|| format!("look at it with `{}`", advice::look_at(path))),
            )
        })
    })?;
    text::secret(&content).map_err(|error| error.at(SecretInput::File(path.to_owned())))
}

/// The part of an attempt's time that is left for reporting the error.
const RESERVE: Duration = Duration::from_millis(200);
