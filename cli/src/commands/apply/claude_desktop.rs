//! Claude Desktop: the program that prints the key for third-party inference.

use std::path::{Path, PathBuf};

use api_key_helper_clients::claude_desktop::{file, slots, values};
use api_key_helper_clients::{NotText, Scope, Target};
use api_key_helper_system::trust;
use api_key_helper_values::Error;

use super::edit::{Edit, Wording};
use super::request::Request;
use super::{links, ttl};
use crate::report::Reporter;
use crate::session::{self, Session};

pub(super) async fn run(request: &Request<'_>, reporter: &Reporter) -> Result<String, Error> {
    let Request { call, apply, environment, .. } = request;
    if !matches!(apply.scope, Scope::User | Scope::Managed) {
        return Err(request.no_such_scope("Claude Desktop", "`--scope user` or `--scope managed`"));
    }
    let found = file(apply.scope, &|name| request.variable(name));
    let path = match found {
        Ok(path) => path.ok_or_else(|| no_configuration(apply.scope))?,
        Err(refusal) => {
            let message = format!("cannot tell which configuration is in use: {refusal}");
            return Err(Error::misconfigured(message).with_hint(WORDING.hint));
        }
    };
    let edit = Edit { request, path: &path, wording: &WORDING };
    let target = edit.target(slots())?;
    let links = session::places(call, environment)?.keys.join("links");
    if apply.undo {
        let link = link_in(&links, &target);
        let said = edit.undo(&target)?;
        if let Some(link) = link.filter(|_| !apply.dry_run) {
            links::remove(&link);
        }
        return Ok(said);
    }
    let session = Session::open(call, (*environment).clone()).await?;
    reporter.warn(&session.warnings);
    let ttl = ttl::of_client(ttl::printed(&session.profile), ttl::lifetime(&session));
    let helper = program(request, &links)?;
    let text = helper.to_str().ok_or(NotText).map_err(|error| edit.not_text(error))?;
    // The setting counts in seconds, and 0 would mean no caching at all.
    let values = values(text, (ttl.millis() / 1_000).max(1));
    let note = format!(
        "Key refresh: automatic {}\nQuit Claude Desktop and open it again: it reads this once.\n",
        ttl.refresh()
    );
    let is_link = helper != request.front;
    let made = is_link && !apply.dry_run && links::make(&helper, &request.front)?;
    let said = edit.apply(&target, &values, &note).inspect_err(|_| {
        if made {
            links::remove(&helper);
        }
    })?;
    reporter.warn(&ttl.warning(&session));
    Ok(said)
}

/// The program for Claude Desktop, which runs it without arguments: the link's name selects the
/// profile.
fn program(request: &Request<'_>, links: &Path) -> Result<PathBuf, Error> {
    if request.call.config.is_some() {
        return Err(Error::misconfigured("Claude Desktop runs a program without arguments")
            .with_hint("leave `--config` out, and describe the profile in your own file"));
    }
    let Some(profile) = &request.call.profile else { return Ok(request.front.clone()) };
    if request.apply.scope == Scope::Managed {
        let front = trust::quote(&request.front);
        let message = "a link in your own folder is not for everybody on this machine";
        return Err(Error::misconfigured(message).with_hint(format!(
            "run `sudo ln -s {front} {front}@{profile}`, and write that path into the file"
        )));
    }
    Ok(links.join(format!("api-key-helper@{profile}{}", std::env::consts::EXE_SUFFIX)))
}

/// The link in the settings, if it is one of ours.
fn link_in(links: &Path, target: &Target) -> Option<PathBuf> {
    let helper = PathBuf::from(target.helper()?.value.as_str()?);
    (helper.parent() == Some(links)).then_some(helper)
}

fn no_configuration(scope: Scope) -> Error {
    if scope == Scope::Managed {
        return Error::misconfigured("here, Claude Desktop's managed settings are no file")
            .with_hint("set `inferenceCredentialHelper` where you manage this machine");
    }
    Error::misconfigured("Claude Desktop has no configuration for inference by others in use")
        .with_hint("make one in its window `Developer`, `Configure third-party inference`")
}

const WORDING: Wording = Wording {
    client: "Claude Desktop",
    hint: "write it again in Claude Desktop's window `Configure third-party inference`",
};
