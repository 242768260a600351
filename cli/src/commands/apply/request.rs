//! One `apply` command.

use std::ffi::OsString;
use std::path::PathBuf;

use api_key_helper_values::Error;

use crate::cli::{Apply, Call, Client};
use crate::environment::Environment;

/// The command, and where it was given.
pub(super) struct Request<'a> {
    pub(super) call: &'a Call,
    pub(super) apply: &'a Apply,
    pub(super) environment: &'a Environment,
    /// The folder that the command was given in.
    pub(super) folder: PathBuf,
    /// The path by which clients find the front.
    pub(super) front: PathBuf,
}

impl Request<'_> {
    pub(super) fn variable(&self, name: &str) -> Option<OsString> {
        self.environment.variable(name)
    }

    /// Each client has its own options.
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

    /// The configuration file that is to go into the settings.
    pub(super) fn config(&self) -> Result<Option<PathBuf>, Error> {
        let config = self.call.config.as_ref().map(std::path::absolute).transpose();
        config.map_err(|error| {
            Error::misconfigured(format!("`--config`: {error}")).with_hint("give an absolute path")
        })
    }

    /// A client that has no settings of this scope.
    pub(super) fn no_such_scope(&self, client: &str, scopes: &str) -> Error {
        let scope = self.apply.scope.name();
        Error::misconfigured(format!("{client} has no settings of scope `{scope}`"))
            .with_hint(format!("write {scopes}"))
    }
}
