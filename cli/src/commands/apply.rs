//! `apply`: makes a client use this helper, or no longer.

mod claude_code;
mod claude_desktop;
mod codex;
mod edit;
mod links;
mod mcp;
mod shadows;
mod shown;
mod ttl;

use std::ffi::OsString;
use std::path::PathBuf;

use api_key_helper_values::Error;

use crate::cli::{Apply, Call, Client};
use crate::environment::Environment;
use crate::front;
use crate::report::{Reporter, print, visible_lines};

/// Writes a client's settings, or takes back what was written. Other commands may call it with a call
/// of their own: of that, only the options for all commands count.
///
/// # Errors
/// Misconfigured; Transient when somebody else changes the file at the same time. The file is then
/// as it was.
pub(crate) async fn run(
    call: &Call,
    apply: &Apply,
    environment: &Environment,
    reporter: &Reporter,
) -> Result<(), Error> {
    let folder = std::env::current_dir().map_err(|error| {
        Error::misconfigured(format!("cannot tell which folder this is: {error}"))
            .with_hint("run the command in another folder")
    })?;
    let asked = Asked { call, apply, environment, folder, front: front::installed(environment)? };
    asked.check_options()?;
    let said = match apply.client {
        Client::ClaudeCode => claude_code::run(&asked, reporter).await,
        Client::ClaudeDesktop => claude_desktop::run(&asked, reporter).await,
        Client::Codex => codex::run(&asked, reporter).await,
        Client::Mcp => mcp::run(&asked, reporter).await,
    };
    print(&visible_lines(&said?))
}

/// What is asked for, and where.
struct Asked<'a> {
    call: &'a Call,
    apply: &'a Apply,
    environment: &'a Environment,
    /// The folder that the command was given in.
    folder: PathBuf,
    /// The path by which clients find the front.
    front: PathBuf,
}

impl Asked<'_> {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.environment.variable(name)
    }

    /// Each client has its own options.
    fn check_options(&self) -> Result<(), Error> {
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
    fn config(&self) -> Result<Option<PathBuf>, Error> {
        let config = self.call.config.as_ref().map(std::path::absolute).transpose();
        config.map_err(|error| {
            Error::misconfigured(format!("`--config`: {error}")).with_hint("give an absolute path")
        })
    }

    /// A client that has no settings of this scope.
    fn no_such_scope(&self, client: &str, scopes: &str) -> Error {
        let scope = self.apply.scope.name();
        Error::misconfigured(format!("{client} has no settings of scope `{scope}`"))
            .with_hint(format!("write {scopes}"))
    }
}
