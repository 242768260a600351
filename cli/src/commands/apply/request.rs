//! One `apply` command.

use std::ffi::OsString;
use std::path::PathBuf;

use api_key_helper_values::Error;

use crate::cli::{Apply, Call, Client};
use crate::environment::Environment;

/// The command and its context.
pub(super) struct Request<'a> {
    pub(super) call: &'a Call,
    pub(super) apply: &'a Apply,
    pub(super) environment: &'a Environment,
    /// The working directory of the command.
    pub(super) folder: PathBuf,
    /// The path under which clients find the front.
    pub(super) front: PathBuf,
}

impl Request<'_> {
    pub(super) fn variable(&self, name: &str) -> Option<OsString> {
        self.environment.variable(name)
    }

    /// Refuses options that belong to another client.
    pub(super) fn check_options(&self) -> Result<(), Error> {
        let Apply { client, server, provider, .. } = self.apply;
        for (option, is_given, owner) in [
            ("--server", server.is_some(), Client::Mcp),
            ("--provider", provider.is_some(), Client::Codex),
        ] {
            if is_given && *client != owner {
                let owner = owner.name();
                return Err(Error::misconfigured(format!("`{option}` is for `--client {owner}`"))
                    .with_hint(format!("leave `{option}` out, or write `--client {owner}`")));
            }
        }
        Ok(())
    }

    /// The absolute path of `--config`, for the settings.
    pub(super) fn config(&self) -> Result<Option<PathBuf>, Error> {
        let config = self.call.config.as_ref().map(std::path::absolute).transpose();
        config.map_err(|error| {
            Error::misconfigured(format!("`--config`: {error}")).with_hint("give an absolute path")
        })
    }

    /// The error for a client without settings of this scope.
    pub(super) fn no_such_scope(&self, client: &str, scopes: &str) -> Error {
        let scope = self.apply.scope.name();
        Error::misconfigured(format!("{client} has no settings of scope `{scope}`"))
            .with_hint(format!("write {scopes}"))
    }
}
