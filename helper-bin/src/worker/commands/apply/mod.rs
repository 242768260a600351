//! `apply`: makes Claude Code use this helper, or no longer.

mod shadows;
mod shown;
mod ttl;

use std::io;
use std::path::{Path, PathBuf};

use api_key_helper_clients::HelperLine;
use api_key_helper_clients::claude_code::{
    Applied, Change, HELPER, Places, Refusal, Scope, TTL_VARIABLE, Target, Undone,
};
use api_key_helper_core::{Error, trust};

use crate::cli::{Apply, Call};
use crate::environment::Environment;
use crate::front;
use crate::report::{Reporter, print};
use crate::session::Session;

/// Writes the settings of `apply.scope`, or takes back what was written. Other commands may call it
/// with a call of their own: of that, only the options for all commands count.
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
    let places = Places::find(&folder, &|name| environment.variable(name));
    let path = places.file(apply.scope).ok_or_else(|| {
        Error::misconfigured("neither `CLAUDE_CONFIG_DIR` nor a home folder is set")
            .with_hint("set `HOME` to an absolute path")
    })?;
    let edit = Edit { call, apply, path, front: front::installed(environment)? };
    let target = Target::read(path, apply.scope).map_err(|refusal| edit.refused(&refusal))?;
    if apply.undo {
        return print(&edit.undo(&target)?);
    }
    // Where no file sets a `ttl`, that variable does: what was applied would decide what is applied.
    let session = Session::open(call, environment.without(TTL_VARIABLE)).await?;
    reporter.warn(&session.warnings);
    let ttl = ttl::of_client(ttl::longest(&session.profile), ttl::lifetime(&session));
    let change = Change { helper: edit.line()?, ttl: ttl.millis() };
    let said = edit.apply(&target, &change, &ttl.refresh())?;
    reporter.warn(&edit.project_warning());
    reporter.warn(&ttl.warning(&session));
    reporter.warn(&shadows::warning(&places, apply.scope, &change, environment));
    print(&said)
}

/// One settings file, and what is to be done with it.
struct Edit<'a> {
    call: &'a Call,
    apply: &'a Apply,
    path: &'a Path,
    front: PathBuf,
}

impl Edit<'_> {
    fn apply(&self, target: &Target, change: &Change, refresh: &str) -> Result<String, Error> {
        let shown = trust::quote(self.path);
        let settings = target.settings();
        if let Some(helper) = settings.helper()
            && !target.is_ours()
            && !self.apply.force
        {
            // A shell line can have a key in it.
            let place = helper.position;
            let message = format!("`{shown}`, {place}: `{HELPER}` is another program's, and stays");
            return Err(Error::misconfigured(message)
                .with_hint("look at it, and replace it by the same command with `--force`"));
        }
        if target.has(change) {
            return Ok(format!("Nothing changes: {shown} says all of this already.\n"));
        }
        if self.apply.dry_run {
            let difference = shown::difference(self.path, settings, &shown::Values::of(change));
            return Ok(difference + "Nothing was written.\n");
        }
        let applied = target.apply(change).map_err(|refusal| self.refused(&refusal))?;
        let kept = match applied {
            Applied::Made => String::new(),
            Applied::Changed(copy) => format!("What it was before is in {}\n", trust::quote(&copy)),
        };
        Ok(format!(
            "Wrote {shown}\n{kept}\
             Setting applied successfully. Configuration changes:\n\
             {HELPER}: {}\n{TTL_VARIABLE}: {}\nKey refresh: automatic {refresh}\n",
            change.helper, change.ttl
        ))
    }

    fn undo(&self, target: &Target) -> Result<String, Error> {
        let shown = trust::quote(self.path);
        let Some(undo) = target.undo().map_err(|refusal| self.refused(&refusal))? else {
            return self.nothing_to_undo(target);
        };
        if self.apply.dry_run {
            let after = undo.settings().map_err(|refusal| self.refused(&refusal))?;
            let values = shown::Values::in_file(&after);
            let difference = shown::difference(self.path, target.settings(), &values);
            return Ok(difference + "Nothing was written.\n");
        }
        Ok(match undo.write().map_err(|refusal| self.refused(&refusal))? {
            Undone::Restored => format!("Setting undone: {shown} is what it was before.\n"),
            Undone::Removed => format!("Setting undone: there is no {shown}, as before.\n"),
            Undone::TakenOut => format!(
                "Setting undone: `{HELPER}` and `{TTL_VARIABLE}` are what they were before. What else \
                 was changed in {shown} since stays.\n"
            ),
        })
    }

    fn nothing_to_undo(&self, target: &Target) -> Result<String, Error> {
        let shown = trust::quote(self.path);
        if target.is_ours() {
            let message =
                format!("what `{shown}` was before is not known: `apply` did not write it");
            return Err(Error::misconfigured(message)
                .with_hint(format!("remove `{HELPER}` from it by hand")));
        }
        let whose = match target.settings().helper() {
            Some(_) => "another program's",
            None => "not set",
        };
        Ok(format!("Nothing to undo: `{HELPER}` in {shown} is {whose}.\n"))
    }

    /// What Claude Code shall run.
    fn line(&self) -> Result<String, Error> {
        let config = self.call.config.as_ref().map(std::path::absolute).transpose();
        let config = config.map_err(|error| {
            Error::misconfigured(format!("`--config`: {error}")).with_hint("give an absolute path")
        })?;
        HelperLine::ours(&self.front, self.call.profile.as_deref(), config.as_deref()).map_err(
            |_| {
                Error::misconfigured(
                    "a path that is no text cannot stand in Claude Code's settings",
                )
                .with_hint("move the file to a path of plain characters")
            },
        )
    }

    fn refused(&self, refusal: &Refusal) -> Error {
        let shown = trust::quote(self.path);
        match refusal {
            Refusal::Malformed(malformed) => {
                Error::misconfigured(format!("`{shown}`, {malformed}; it was left as it is"))
                    .with_hint("mend that place: Claude Code refuses the whole file too")
            }
            Refusal::Io(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                Error::transient(format!("`{shown}`: {error}")).with_hint("run the command again")
            }
            Refusal::Io(error) => {
                let hint = match (self.apply.scope, error.kind()) {
                    (Scope::Managed, io::ErrorKind::PermissionDenied) => {
                        format!("run `{}`", self.as_root())
                    }
                    _ => format!("look at it with `ls -ld {shown}`"),
                };
                Error::misconfigured(format!("cannot change `{shown}`: {error}")).with_hint(hint)
            }
        }
    }

    /// The same command for root, who has another home.
    fn as_root(&self) -> String {
        let mut line = format!("sudo {}", trust::quote(&self.front));
        if let Some(profile) = &self.call.profile {
            line.push_str(&format!(" --profile {}", trust::quote(Path::new(profile))));
        }
        if let Some(config) = &self.call.config {
            let config = std::path::absolute(config).unwrap_or_else(|_| config.clone());
            line.push_str(&format!(" --config {}", trust::quote(&config)));
        }
        line.push_str(" apply --scope managed");
        let flags = [(self.apply.dry_run, " --dry-run"), (self.apply.undo, " --undo")];
        let flags = flags.into_iter().chain([(self.apply.force, " --force")]);
        line.extend(flags.filter_map(|(is_set, flag)| is_set.then_some(flag)));
        line
    }

    fn project_warning(&self) -> Vec<String> {
        if self.apply.scope != Scope::Project {
            return Vec::new();
        }
        vec![format!(
            "`{}` is commonly committed, and names a path of this machine; `--scope local` is for you \
             alone",
            trust::quote(self.path)
        )]
    }
}
