//! The MCP servers of Claude Code: the line that prints a server's headers.

use api_key_helper_clients::mcp::{file, slots};
use api_key_helper_clients::{HelperLine, Scope};
use api_key_helper_formats::FormatName;
use api_key_helper_values::Error;

use super::Asked;
use super::claude_code::no_home;
use super::edit::{Edit, Spoken};
use crate::report::Reporter;
use crate::session::Session;

pub(super) async fn run(asked: &Asked<'_>, reporter: &Reporter) -> Result<String, Error> {
    let Asked { call, apply, environment, .. } = asked;
    let server = apply.server.as_deref().ok_or_else(|| {
        Error::misconfigured("`--client mcp` needs the name of a server")
            .with_hint("write `--server NAME`, see `claude mcp list`")
    })?;
    let path = file(apply.scope, &asked.folder, &|name| asked.variable(name));
    let path = path.ok_or_else(no_home)?;
    let edit = Edit { asked, path: &path, spoken: &SPOKEN };
    let target = edit.target(slots(apply.scope, &asked.folder, server))?;
    if apply.undo {
        return edit.undo(&target);
    }
    let session = Session::open(call, (*environment).clone()).await?;
    reporter.warn(&session.warnings);
    let (profile, config) = (call.profile.as_deref(), asked.config()?);
    let line = HelperLine::with_format(
        &asked.front,
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

const SPOKEN: Spoken = Spoken {
    client: "Claude Code",
    mend: "add the server first, with `claude mcp add --transport http NAME URL`",
};
