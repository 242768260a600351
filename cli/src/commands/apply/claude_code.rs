//! Claude Code: its setting `apiKeyHelper`, and how long it goes on using a key.

use api_key_helper_clients::HelperLine;
use api_key_helper_clients::claude_code::{Change, Places, TTL_VARIABLE, slots};
use api_key_helper_values::Error;

use super::edit::{Edit, Spoken};
use super::{Asked, shadows, ttl};
use crate::report::Reporter;
use crate::session::Session;

pub(super) async fn run(asked: &Asked<'_>, reporter: &Reporter) -> Result<String, Error> {
    let Asked { call, apply, environment, .. } = asked;
    let places = Places::find(&asked.folder, &|name| asked.variable(name));
    let path = places.file(apply.scope).ok_or_else(no_home)?;
    let edit = Edit { asked, path, spoken: &SPOKEN };
    let target = edit.target(slots())?;
    if apply.undo {
        return edit.undo(&target);
    }
    // Where no file sets a `ttl`, that variable does: what was applied would decide what is applied.
    let session = Session::open(call, environment.without(TTL_VARIABLE)).await?;
    reporter.warn(&session.warnings);
    let ttl = ttl::of_client(ttl::longest(&session.profile), ttl::lifetime(&session));
    let config = asked.config()?;
    let helper = HelperLine::ours(&asked.front, call.profile.as_deref(), config.as_deref());
    let helper = helper.map_err(|error| edit.not_text(error))?;
    let change = Change { helper, ttl: ttl.millis() };
    let note = format!("Key refresh: automatic {}\n", ttl.refresh());
    let said = edit.apply(&target, &change.values(), &note)?;
    reporter.warn(&edit.project_warning());
    reporter.warn(&ttl.warning(&session));
    reporter.warn(&shadows::warning(&places, apply.scope, &change, environment));
    Ok(said)
}

/// Nobody knows where the user's settings are.
pub(super) fn no_home() -> Error {
    Error::misconfigured("neither `CLAUDE_CONFIG_DIR` nor a home folder is set")
        .with_hint("set `HOME` to an absolute path")
}

const SPOKEN: Spoken = Spoken {
    client: "Claude Code",
    mend: "mend that place: Claude Code refuses the whole file too",
};
