//! Changes one settings file of a client, or restores it.

use std::io;
use std::path::Path;

use api_key_helper_clients::{NotText, Refusal, Scope, Slots, Target, UndoOutcome};
use api_key_helper_system::{advice, trust};
use api_key_helper_values::Error;
use serde_json::Value;

use super::request::Request;
use super::shown;
use crate::cli::Client;

/// A client's words for messages.
pub(super) struct Wording {
    pub(super) client: &'static str,
    /// The hint for a file that the client would refuse, or that has no place for a helper.
    pub(super) hint: &'static str,
}

/// An edit of one settings file.
pub(super) struct Edit<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) path: &'a Path,
    pub(super) wording: &'static Wording,
}

impl Edit<'_> {
    pub(super) fn target(&self, slots: Slots) -> Result<Target, Error> {
        Target::read(self.path, self.request.apply.scope, slots)
            .map_err(|refusal| self.refused(&refusal))
    }

    /// Writes `values`, and returns a report that ends with `note`.
    pub(super) fn apply(
        &self,
        target: &Target,
        values: &[Value],
        note: &str,
    ) -> Result<String, Error> {
        let shown = trust::quote(self.path);
        let slots = target.slots();
        if let Some(helper) = target.helper()
            && !target.is_ours()
            && !self.request.apply.force
        {
            // The other program is not shown, because its shell line may contain a key.
            let (place, name) = (helper.position, last(slots, 0));
            let message = format!("`{shown}`, {place}: `{name}` is another program's, and stays");
            return Err(Error::misconfigured(message)
                .with_hint("look at it, and replace it by the same command with `--force`"));
        }
        if target.has(values).map_err(|refusal| self.refused(&refusal))? {
            return Ok(format!("Nothing changes: {shown} says all of this already.\n"));
        }
        if self.request.apply.dry_run {
            let after = shown::of(values);
            let difference = shown::difference(self.path, slots, target.found(), &after);
            return Ok(difference + "Nothing was written.\n");
        }
        let copy = target.apply(values).map_err(|refusal| self.refused(&refusal))?;
        let kept = copy.map_or_else(String::new, |copy| {
            format!("What it was before is in {}\n", trust::quote(&copy))
        });
        let mark = if target.has_byte_order_mark() {
            "It begins with a byte order mark, which stays: not every program takes one.\n"
        } else {
            ""
        };
        let values: String = values
            .iter()
            .enumerate()
            .map(|(index, value)| format!("{}: {}\n", last(slots, index), shown::text(value)))
            .collect();
        Ok(format!(
            "Wrote {shown}\n{kept}{mark}\
             Setting applied successfully. Configuration changes:\n{values}{note}"
        ))
    }

    /// Removes the values that `apply` wrote, and returns a report.
    pub(super) fn undo(&self, target: &Target) -> Result<String, Error> {
        let shown = trust::quote(self.path);
        let Some(undo) = target.undo().map_err(|refusal| self.refused(&refusal))? else {
            return self.nothing_to_undo(target);
        };
        let slots = target.slots();
        if self.request.apply.dry_run {
            let after = undo.found().map_err(|refusal| self.refused(&refusal))?;
            let after = shown::in_file(slots, &after);
            let difference = shown::difference(self.path, slots, target.found(), &after);
            return Ok(difference + "Nothing was written.\n");
        }
        Ok(match undo.write().map_err(|refusal| self.refused(&refusal))? {
            UndoOutcome::Restored => format!("Setting undone: {shown} is what it was before.\n"),
            UndoOutcome::Removed => format!("Setting undone: there is no {shown}, as before.\n"),
            UndoOutcome::TakenOut => {
                let names: Vec<_> =
                    (0..slots.paths.len()).map(|index| last(slots, index)).collect();
                let verb = if names.len() == 1 { "is what it was" } else { "are what they were" };
                format!(
                    "Setting undone: {} {verb} before. What else was changed in {shown} since stays.\n",
                    listed(&names)
                )
            }
        })
    }

    fn nothing_to_undo(&self, target: &Target) -> Result<String, Error> {
        let (shown, name) = (trust::quote(self.path), last(target.slots(), 0));
        if target.is_ours() {
            let message =
                format!("what `{shown}` was before is not known: `apply` did not write it");
            return Err(
                Error::misconfigured(message).with_hint(format!("remove `{name}` from it by hand"))
            );
        }
        let whose = if target.helper().is_some() { "another program's" } else { "not set" };
        Ok(format!("Nothing to undo: `{name}` in {shown} is {whose}.\n"))
    }

    /// The error for a path that the file cannot hold.
    pub(super) fn not_text(&self, _: NotText) -> Error {
        let client = self.wording.client;
        Error::misconfigured(format!("a path that is no text cannot stand in {client}'s settings"))
            .with_hint("move the file to a path of plain characters")
    }

    /// Converts a refusal to read or change the file into an error.
    pub(super) fn refused(&self, refusal: &Refusal) -> Error {
        let shown = trust::quote(self.path);
        match refusal {
            Refusal::Malformed(malformed) => {
                Error::misconfigured(format!("`{shown}`, {malformed}; it was left as it is"))
                    .with_hint(self.wording.hint)
            }
            Refusal::Link(link) => {
                let link = trust::quote(link);
                let message = format!(
                    "cannot change `{shown}`: `{link}`, where its backup belongs, is a link"
                );
                Error::misconfigured(message).with_hint(format!(
                    "remove the link with `rm {link}` and run the command again"
                ))
            }
            Refusal::Io(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                Error::transient(format!("`{shown}`: {error}")).with_hint("run the command again")
            }
            Refusal::Io(error) => {
                let hint = match (self.request.apply.scope, error.kind()) {
                    (Scope::Managed, io::ErrorKind::PermissionDenied) => {
                        format!("run `{}`{AS_ROOT}", self.as_root())
                    }
                    (_, io::ErrorKind::StorageFull) => {
                        format!("make room on its disk, see `{}`", advice::room_of(self.path))
                    }
                    _ => format!("look at it with `{}`", look_at(self.path)),
                };
                Error::misconfigured(format!("cannot change `{shown}`: {error}")).with_hint(hint)
            }
        }
    }

    /// The same command for root. Root has another home, so it names the front and the
    /// configuration by absolute path.
    fn as_root(&self) -> String {
        let Request { call, apply, front, .. } = self.request;
        let sudo = if cfg!(windows) { "" } else { "sudo " };
        let mut line = format!("{sudo}{}", trust::quote(front));
        if let Some(profile) = &call.profile {
            line.push_str(&format!(" --profile {}", trust::quote(Path::new(profile))));
        }
        if let Some(config) = &call.config {
            let config = std::path::absolute(config).unwrap_or_else(|_| config.clone());
            line.push_str(&format!(" --config {}", trust::quote(&config)));
        }
        line.push_str(" apply");
        if apply.client != Client::ClaudeCode {
            line.push_str(&format!(" --client {}", apply.client.name()));
        }
        if let Some(server) = &apply.server {
            line.push_str(&format!(" --server {}", trust::quote(Path::new(server))));
        }
        line.push_str(" --scope managed");
        let flags = [(apply.dry_run, " --dry-run"), (apply.undo, " --undo")];
        let flags = flags.into_iter().chain([(apply.force, " --force")]);
        line.extend(flags.filter_map(|(is_set, flag)| is_set.then_some(flag)));
        line
    }

    /// The warning for a settings file that is shared with others.
    pub(super) fn project_warning(&self) -> Vec<String> {
        if self.request.apply.scope != Scope::Project {
            return Vec::new();
        }
        vec![format!(
            "`{}` is commonly committed, and names a path of this machine; `--scope local` is for you \
             alone",
            trust::quote(self.path)
        )]
    }
}

/// The last part of a value's name, which users search for in the file.
fn last(slots: &Slots, index: usize) -> &str {
    slots.paths.get(index).and_then(|path| path.last()).map_or("", String::as_str)
}

/// The command that shows the permissions which decide about writing `path`: those of the file and
/// its folder, or of the nearest folder that exists.
fn look_at(path: &Path) -> String {
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(path);
    match path.parent() {
        // `icacls` takes one path.
        Some(folder) if there == path && !cfg!(windows) => {
            format!("{} {}", advice::look_at(folder), trust::quote(path))
        }
        _ => advice::look_at(there),
    }
}

/// The rest of the hint on Windows, where an elevated shell takes the place of `sudo`.
const AS_ROOT: &str = if cfg!(windows) { " in a shell that runs as administrator" } else { "" };

/// Joins names for a sentence.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [all @ .., last] => format!("`{}` and `{last}`", all.join("`, `")),
    }
}
