//! `apply`: adds this helper to a client's settings, or removes it.

mod claude_code;
mod claude_desktop;
mod codex;
mod edit;
mod links;
mod mcp;
mod request;
mod shadows;
mod shown;
mod ttl;

use api_key_helper_values::Error;

use self::request::Request;
use crate::cli::{Apply, Call, Client};
use crate::environment::Environment;
use crate::front;
use crate::report::{Reporter, print, visible_lines};

/// Writes a client's settings, or undoes that. Other commands call it with a call of their own, of
/// which only the global options count. If another program changes the file at the same time,
/// nothing is written.
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
    let front = front::installed(environment)?;
    let request = Request { call, apply, environment, folder, front };
    request.check_options()?;
    let said = match apply.client {
        Client::ClaudeCode => claude_code::run(&request, reporter).await,
        Client::ClaudeDesktop => claude_desktop::run(&request, reporter).await,
        Client::Codex => codex::run(&request, reporter).await,
        Client::Mcp => mcp::run(&request, reporter).await,
    };
    print(&visible_lines(&said?))
}
