//! The MCP servers of Claude Code: the line that prints a server's headers.

use api_key_helper_clients::mcp::{file, slots};
use api_key_helper_clients::{HelperLine, Scope};
use api_key_helper_formats::FormatName;
use api_key_helper_values::Error;

use super::claude_code::no_home;
use super::edit::{Edit, Wording};
use super::request::Request;
use crate::report::Reporter;
use crate::session::Session;

pub(super) async fn run(request: &Request<'_>, reporter: &Reporter) -> Result<String, Error> {
    let Request { call, apply, environment, .. } = request;
    let server = apply.server.as_deref().ok_or_else(|| {
        Error::misconfigured("`--client mcp` needs the name of a server")
            .with_hint("write `--server NAME`, see `claude mcp list`")
    })?;
    let path = file(apply.scope, &request.folder, &|name| request.variable(name));
    let path = path.ok_or_else(no_home)?;
    let edit = Edit { request, path: &path, wording: &WORDING };
    let target = edit.target(slots(apply.scope, &request.folder, server))?;
    if apply.undo {
        return edit.undo(&target);
    }
    let session = Session::open(call, (*environment).clone()).await?;
    reporter.warn(&session.warnings);
    let (profile, config) = (call.profile.as_deref(), request.config()?);
    let line = HelperLine::with_format(
        &request.front,
        profile,
        config.as_deref(),
        Some(FormatName::Headers.name()),
    );
    let line = line.map_err(|error| edit.not_text(error))?;
    let said = edit.apply(&target, &[line.into()], NOTE)?;
    if apply.scope == Scope::Project {
        reporter.warn(&edit.project_warning());
    }
    Ok(said)
}

const NOTE: &str = "Headers: at each connection, and when the server refuses them\n";

const WORDING: Wording = Wording {
    client: "Claude Code",
    hint: "add the server first, with `claude mcp add --transport http NAME URL`",
};
