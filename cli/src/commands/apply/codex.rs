//! Codex: the command of a model provider.

use std::time::Duration;

use api_key_helper_clients::codex::{Change, chosen_provider, file, slots};
use api_key_helper_clients::{NotText, Scope};
use api_key_helper_formats::{FormatName, hold};
use api_key_helper_system::trust;
use api_key_helper_values::Error;

use super::edit::{Edit, Wording};
use super::request::Request;
use super::ttl;
use crate::cli::Client;
use crate::report::Reporter;
use crate::session::Session;

pub(super) async fn run(request: &Request<'_>, reporter: &Reporter) -> Result<String, Error> {
    let Request { call, apply, environment, .. } = request;
    if apply.scope != Scope::User {
        return Err(request.no_such_scope("Codex", "`--scope user`"));
    }
    let path = file(&request.folder, &|name| request.variable(name)).ok_or_else(|| {
        Error::misconfigured("neither `CODEX_HOME` nor a home folder is set")
            .with_hint("set `HOME` to an absolute path")
    })?;
    let edit = Edit { request, path: &path, wording: &WORDING };
    let provider = match &apply.provider {
        Some(provider) => provider.clone(),
        None => chosen_provider(&path)
            .map_err(|refusal| edit.refused(&refusal))?
            .ok_or_else(|| no_provider(&trust::quote(&path)))?,
    };
    let target = edit.target(slots(&provider))?;
    if apply.undo {
        return edit.undo(&target);
    }
    let session = Session::open(call, (*environment).clone()).await?;
    reporter.warn(&session.warnings);
    // With a shorter interval, a periodic call would look as if the API had refused a key.
    let hold = session.profile.hold.fixed.or(hold(FormatName::Codex)).unwrap_or_default();
    let interval = ttl::of_client(hold, None);
    let command = request.front.to_str().ok_or(NotText).map_err(|error| edit.not_text(error))?;
    let mut arguments = Vec::new();
    if let Some(profile) = &call.profile {
        arguments.extend(["--profile".to_owned(), profile.clone()]);
    }
    if let Some(config) = request.config()? {
        let config = config.to_str().ok_or(NotText).map_err(|error| edit.not_text(error))?;
        arguments.extend(["--config".to_owned(), config.to_owned()]);
    }
    arguments.extend(["--format", FormatName::Codex.name()].map(str::to_owned));
    let change = Change {
        command: command.to_owned(),
        arguments,
        timeout: u64::try_from(TIMEOUT.as_millis()).unwrap_or(u64::MAX),
        refresh_interval: interval.millis(),
    };
    let note =
        format!("Key refresh: automatic {}, and when the API refuses a key\n", interval.refresh());
    let said = edit.apply(&target, &change.values(), &note)?;
    reporter.warn(&ttl::too_long_for(ttl::lifetime(&session), hold));
    Ok(said)
}

fn no_provider(path: &str) -> Error {
    let client = Client::Codex.name();
    Error::misconfigured(format!("`{path}` chooses no `model_provider`")).with_hint(format!(
        "name one that the file describes: `api-key-helper apply --client {client} --provider NAME`"
    ))
}

/// The time after which Codex kills its command, by default the same. The format's own limit is
/// shorter, because a helper that is killed cannot report an error.
const TIMEOUT: Duration = Duration::from_secs(5);

const WORDING: Wording = Wording {
    client: "Codex",
    hint: "fix it there: a provider has a `name`, a `base_url`, and one kind of key",
};
