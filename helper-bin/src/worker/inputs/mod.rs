//! Where secret inputs come from.

mod ambient;
#[cfg(feature = "http")]
mod github_actions;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use api_key_helper_core::engine::Inputs;
use api_key_helper_core::{Error, Secret, SecretInput};
use api_key_helper_script::read_secret;
use async_trait::async_trait;

use crate::environment::Environment;

const MAX_SIZE: u64 = 1 << 20;

/// Reads secret inputs from this machine.
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
            SecretInput::File(path) => file(path),
            SecretInput::Command(command) => {
                read_secret(command, Path::new("/"), chain, time_left).await
            }
            // The engine has asked that source instead.
            SecretInput::Source(name) => {
                Err(Error::misconfigured(format!("source `{name}` is nothing that is read")))
            }
        }
    }
}

impl MachineInputs<'_> {
    fn variable(&self, name: &str) -> Result<Secret, Error> {
        self.environment
            .variable(name)
            .and_then(|value| value.into_string().ok())
            .filter(|value| !value.is_empty())
            .map(Secret::from)
            .ok_or_else(|| {
                Error::misconfigured(format!("the variable `{name}` is not set, or is not text"))
                    .with_hint("set it where the client is started, or in its settings' `env`")
            })
    }
}

/// A secret's file is the business of whoever made it: many are projected into containers, owned by
/// root and readable by a group.
fn file(path: &Path) -> Result<Secret, Error> {
    let shown = path.display();
    let failed = |why: String| {
        Error::misconfigured(format!("cannot read the secret in `{shown}`: {why}"))
            .with_hint(format!("look at it with `ls -l '{shown}'`"))
    };
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut text = zeroize::Zeroizing::new(String::new());
    let read = file.take(MAX_SIZE).read_to_string(&mut text);
    read.map_err(|error| failed(error.to_string()))?;
    let secret = text.trim();
    if secret.is_empty() { Err(failed("it is empty".to_owned())) } else { Ok(secret.into()) }
}
