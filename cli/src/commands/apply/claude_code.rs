//! Claude Code: its setting `apiKeyHelper`, and its TTL for keys.

use api_key_helper_clients::HelperLine;
use api_key_helper_clients::claude_code::{Change, Places, TTL_VARIABLE, slots};
use api_key_helper_values::Error;

use super::edit::{Edit, Wording};
use super::request::Request;
use super::{shadows, ttl};
use crate::report::Reporter;
use crate::session::Session;

pub(super) async fn run(request: &Request<'_>, reporter: &Reporter) -> Result<String, Error> {
    let Request { call, apply, environment, .. } = request;
    let places = Places::find(&request.folder, &|name| request.variable(name));
    let path = places.file(apply.scope).ok_or_else(no_home)?;
    let edit = Edit { request, path, wording: &WORDING };
    let target = edit.target(slots())?;
    if apply.undo {
        return edit.undo(&target);
    }
    // If no file sets a `ttl`, that variable does. Read here, the value of the last `apply` would
    // decide this one.
    let session = Session::open(call, environment.without(TTL_VARIABLE)).await?;
    reporter.warn(&session.warnings);
    let ttl = ttl::of_client(ttl::longest(&session.profile), ttl::lifetime(&session));
    let config = request.config()?;
    let helper = HelperLine::ours(&request.front, call.profile.as_deref(), config.as_deref());
    let helper = helper.map_err(|error| edit.not_text(error))?;
    let change = Change { helper, ttl: ttl.millis() };
    let note = format!("Key refresh: automatic {}\n", ttl.refresh());
    let said = edit.apply(&target, &change.values(), &note)?;
    reporter.warn(&edit.project_warning());
    reporter.warn(&ttl.warning(&session));
    reporter.warn(&shadows::warning(&places, apply.scope, &change, environment));
    Ok(said)
}

/// The user's settings have no path without one of these variables.
pub(super) fn no_home() -> Error {
    Error::misconfigured("neither `CLAUDE_CONFIG_DIR` nor a home folder is set")
        .with_hint("set `HOME` to an absolute path")
}

const WORDING: Wording = Wording {
    client: "Claude Code",
    hint: "fix that place: Claude Code refuses the whole file too",
};
