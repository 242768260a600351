//! Checks whether the helper that `apply` wrote into other clients' settings is still this program.
//!
//! Other mistakes in such a file are reported by its client.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use api_key_helper_clients::{
    Helper, HelperLine, Scope, Slots, Target, claude_desktop, codex, mcp, settings_text,
};
use api_key_helper_system::trust;

use super::client_environment::marked;
use super::finding::{Check, Finding};
use super::programs::Programs;
use crate::cli::Client;
use crate::environment::Environment;

/// Checks each file that `apply` could have written in this folder.
pub(super) fn check(environment: &Environment, programs: &Programs) -> Vec<Finding> {
    let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let places = Places { folder: &folder, variable: &|name| environment.variable(name) };
    let places = [places.of_codex(), places.of_claude_desktop(), places.of_mcp()];
    let front = programs.front.as_deref();
    let ours = places.iter().flatten().filter_map(|place| {
        let target = place.target()?;
        Some((place, place.program(&target)?, target))
    });
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for (place, program, target) in ours {
        findings.push(place.judge(&program, front));
        if seen.insert(&place.path) && target.has_byte_order_mark() {
            let shown = format!("`{}` ({})", place.path.display(), place.client.name());
            findings.push(marked(Check::OtherClients, &shown, &trust::quote(&place.path)));
        }
    }
    findings
}

/// Finds the clients' settings files.
struct Places<'a> {
    folder: &'a Path,
    variable: &'a dyn Fn(&str) -> Option<OsString>,
}

/// One place for a helper in a client's settings.
struct Place {
    client: Client,
    scope: Scope,
    path: PathBuf,
    slots: Slots,
}

impl Places<'_> {
    fn of_codex(&self) -> Vec<Place> {
        let Some(path) = codex::file(self.folder, self.variable) else { return Vec::new() };
        let providers = codex::providers(&settings_text(&path)).into_iter();
        let place = |provider: String| Place {
            client: Client::Codex,
            scope: Scope::User,
            path: path.clone(),
            slots: codex::slots(&provider),
        };
        providers.map(place).collect()
    }

    fn of_claude_desktop(&self) -> Vec<Place> {
        let place = |scope| {
            let path = claude_desktop::file(scope, self.variable).ok().flatten()?;
            let slots = claude_desktop::slots();
            Some(Place { client: Client::ClaudeDesktop, scope, path, slots })
        };
        Scope::ALL.into_iter().filter_map(place).collect()
    }

    fn of_mcp(&self) -> Vec<Place> {
        let of_scope = |scope| {
            let path = mcp::file(scope, self.folder, self.variable).unwrap_or_default();
            let servers = mcp::servers(scope, self.folder, &settings_text(&path)).into_iter();
            servers.map(move |server| Place {
                client: Client::Mcp,
                scope,
                path: path.clone(),
                slots: mcp::slots(scope, self.folder, &server),
            })
        };
        Scope::ALL.into_iter().flat_map(of_scope).collect()
    }
}

impl Place {
    fn target(&self) -> Option<Target> {
        Target::read(&self.path, self.scope, self.slots.clone()).ok()
    }

    /// The absolute path of the api-key-helper in the file.
    fn program(&self, target: &Target) -> Option<PathBuf> {
        let helper = target.helper().filter(|_| target.is_ours())?.value.as_str()?;
        let program = match self.slots.helper {
            Helper::Line => HelperLine::parse(helper)?.program,
            Helper::Program => helper.to_owned(),
        };
        Some(PathBuf::from(program)).filter(|program| program.is_absolute())
    }

    fn judge(&self, program: &Path, front: Option<&Path>) -> Finding {
        let check = Check::OtherClients;
        let client = self.client.name();
        let whose = match self.slots.of.as_str() {
            "" => client.to_owned(),
            of => format!("{client}, `{of}`"),
        };
        let file = format!("`{}` ({whose})", self.path.display());
        let hint =
            format!("run `api-key-helper apply --client {client}` again, as when it was written");
        match program.canonicalize() {
            Ok(real) if Some(&*real) == front => {
                Finding::ok(check, format!("{file} names this program"))
            }
            Ok(real) => {
                let text =
                    format!("{file} names another copy of api-key-helper, `{}`", real.display());
                Finding::warning(check, text, hint)
            }
            Err(_) => {
                let text = format!("{file} names `{}`, which is not there", program.display());
                Finding::error(check, text, hint)
            }
        }
    }
}
